// Why this exists: a person who waits wants to see what happens, not log lines.
import type {Log, LogFields} from '../core/ports.ts';
import type {Io} from './io.ts';
import {safe, shownResource} from './print/style.ts';

/** A log that shows steps and ends of actions as lines for people, and passes on the rest. */
export function progressLog(io: Io, rest: Log): Log {
  const {errStyle: style} = io;
  const show = (message: string, fields: LogFields): boolean => {
    const text = (name: string): string => safe(String(fields[name] ?? ''));
    const who = shownResource(String(fields['key'] ?? ''), String(fields['name'] ?? ''));
    switch (message) {
      case 'step':
        io.err(`  ${style.dim('·')} ${who}: ${text('step')}`);
        return true;
      case 'action done':
        io.err(`  ${style.good('✓')} ${who}: ${text('verb')} done`);
        return true;
      case 'action ended early':
        io.err(`  ${style.bad('✗')} ${who}: ${text('verb')} ${text('result')}: ${text('because')}`);
        return true;
      default:
        return false;
    }
  };
  return {
    debug: (message, fields) => rest.debug(message, fields),
    info: (message, fields = {}) => void (show(message, fields) || rest.info(message, fields)),
    warn: (message, fields = {}) => void (show(message, fields) || rest.warn(message, fields)),
    error: (message, fields) => rest.error(message, fields),
    child: (fields) => progressLog(io, rest.child(fields)),
  };
}

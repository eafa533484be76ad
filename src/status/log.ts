// Why this exists: what the program did, as lines: JSON for machines, a short form for a terminal.
// Messages are constant, everything else is a field, and no field holds a secret.
import {type Logger, destination as openDestination, pino} from 'pino';
import type {Log} from '../core/ports.ts';
import {escapeJson} from './escape.ts';
import {safeFields, safeText} from './log-fields.ts';
import {prettyLine} from './log-pretty.ts';

/** From the most talkative to none at all. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Where lines go; each is given whole, with its line end. */
export interface LogDestination {
  write(line: string): unknown;
}

/** How much is written, where to (stderr by default), and for whom. */
export interface LogOptions {
  readonly level: LogLevel;
  readonly destination?: LogDestination;
  /** One short line for a person instead of JSON. */
  readonly pretty?: boolean;
  /** Colours in the short form. */
  readonly colour?: boolean;
}

/** A log on pino. Lines are written at once, so that a crash loses none. */
export function createLog(options: LogOptions): Log {
  const target = options.destination ?? standardError();
  const {pretty = false, colour = false} = options;
  const stream = {
    write: (line: string): void => {
      target.write(pretty ? prettyLine(line, colour) : escapeJson(line));
    },
  };
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: {level: (label) => ({level: label})},
      messageKey: 'message',
    },
    stream,
  );
  return wrap(logger);
}

/** A log that cannot be written (a full disk) is no reason to stop what it tells of. */
function standardError(): LogDestination {
  const target = openDestination({dest: 2, sync: true});
  target.on('error', () => undefined);
  return target;
}

function wrap(logger: Logger): Log {
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error'): Log['info'] =>
    (message, fields = {}) => {
      if (logger.isLevelEnabled(level)) logger[level](safeFields(fields), safeText(message));
    };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => wrap(logger.child(safeFields(fields))),
  };
}

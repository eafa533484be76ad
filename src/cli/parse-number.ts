// Why this exists: numbers on a command line are words until they were looked at.
import {CommandError} from './io.ts';

/** A number above 0; anything else is a clear error that names the option. */
export function positive(text: string, option: string): number {
  const number = Number(text);
  if (!Number.isFinite(number) || number <= 0) {
    throw new CommandError(`${option} needs a number above 0, not "${text}"`, '');
  }
  return number;
}

/** A port, 0 for any free one. */
export function portNumber(text: string, option: string): number {
  const port = Number(text);
  if (text.trim() === '' || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new CommandError(`${option} needs a port number, not "${text}"`, 'Any free one: 0.');
  }
  return port;
}

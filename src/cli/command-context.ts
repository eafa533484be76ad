// Why this exists: what every command is registered with.
import type {Io} from './io.ts';

/** Options that every command knows. */
export interface GlobalOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly controller?: string;
}

/** The terminal, the global options, and how a command says its exit code. */
export interface CommandContext {
  readonly io: Io;
  readonly exit: (code: number) => void;
  readonly options: () => GlobalOptions;
}

// Why this exists: each part of the measurement is a process of its own, which is asked one thing
// at a time; a part that dies ends the bench with its reason.
import {type ChildProcess, fork} from 'node:child_process';

/** A process of the bench; `A` names what it can be asked, and the answers. */
export interface Child<A> {
  ask<K extends keyof A & string>(what: K, argument?: unknown): Promise<A[K]>;
  end(): Promise<void>;
}

/** Starts a file of the built bench. */
export function startChild<A>(
  file: string,
  options: {
    readonly env?: {readonly [name: string]: string};
    readonly execArgv?: readonly string[];
  } = {},
): Child<A> {
  const child = fork(file, [], {
    env: {...process.env, ...options.env},
    execArgv: [...(options.execArgv ?? [])],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    ask: (what, argument) => ask(child, file, what, argument),
    end: async () => {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

function ask<T>(child: ChildProcess, file: string, what: string, argument: unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    const gone = (code: number | null): void => {
      reject(new Error(`${file} ended with ${code} while it was asked: ${what}`));
    };
    child.once('exit', gone);
    child.once('message', (answer) => {
      child.off('exit', gone);
      // Safe: messages.ts says what each file answers to what.
      resolve(answer as T);
    });
    child.send({what, argument});
  });
}

/** Answers what the parent asks, one after the other. */
export function answer<A>(
  answers: {readonly [K in keyof A]: (argument: unknown) => Promise<A[K]>},
): void {
  process.on('message', (message) => {
    // Safe: only `ask` sends to these processes.
    const {what, argument} = message as {readonly what: keyof A; readonly argument: unknown};
    answers[what](argument).then(
      (value) => process.send?.(value ?? null),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  process.on('disconnect', () => process.exit(0));
}

// Why this exists: what people may ask of a controller is one row in the journal, whose file
// permissions are the authentication; the controller looks before every step.
import {userInfo} from 'node:os';
import type {Command} from 'commander';
import {resumeCommand} from '../../core/suspension.ts';
import type {CommandContext} from '../command-context.ts';
import {CommandError, outJson} from '../io.ts';
import {parseDuration} from '../parse-duration.ts';
import {shownResource, shownTime} from '../print/style.ts';
import {findResource, knownCluster} from '../resource-name.ts';
import {openWorkspace, type Workspace} from '../workspace.ts';

interface ClusterOption {
  readonly cluster?: string;
}

/** suspend, resume, adopt, release, retry, resolve, source accept. */
export function registerPeople(program: Command, context: CommandContext): void {
  registerSuspend(program, context);
  registerResume(program, context);
  registerRequests(program, context);
  registerResolve(program, context);
  registerAccepts(program, context);
}

function registerSuspend(program: Command, context: CommandContext): void {
  program
    .command('suspend')
    .description('pause a resource, or a whole cluster: nothing is started there any more')
    .argument('<resource>', 'qemu/150, a name, or * for the cluster')
    .requiredOption('--reason <text>', 'why, for whoever asks')
    .option('--for <duration>', 'end by itself, such as 2h or 30m')
    .option('--cluster <name>', 'where there are several')
    .addHelpText(
      'after',
      '\nExample:\n  pvegit suspend qemu/150 --reason "repair by hand" --for 2h\n',
    )
    .action(async (said: string, options: ClusterOption & {reason: string; for?: string}) => {
      await act(context, (workspace) => {
        const {cluster, key, name} = subject(workspace, said, options);
        const now = Date.now();
        const expiresAt = options.for === undefined ? null : now + parseDuration(options.for);
        const owner = userInfo().username;
        const pause = {cluster, key, reason: options.reason, owner, since: now, expiresAt};
        workspace.journal.suspend(pause);
        const until = expiresAt === null ? '' : ` until ${shownTime(expiresAt)}`;
        const done = `suspended ${who(key, name)} of ${cluster}${until}`;
        return {done, cluster, key, next: resumeCommand(pause)};
      });
    });
}

function registerResume(program: Command, context: CommandContext): void {
  program
    .command('resume')
    .description('end a suspension')
    .addHelpText('after', '\nExample:\n  pvegit resume qemu/150\n')
    .argument('<resource>', 'qemu/150, a name, or * for the cluster')
    .option('--cluster <name>', 'where there are several')
    .action(async (said: string, options: ClusterOption) => {
      await act(context, (workspace) => {
        const {cluster, key, name} = subject(workspace, said, options);
        if (!workspace.journal.resume(cluster, key)) {
          throw new CommandError(
            `${who(key, name)} of ${cluster} is not suspended`,
            'pvegit status lists what is.',
          );
        }
        return {done: `resumed ${who(key, name)} of ${cluster}`, cluster, key};
      });
    });
}

const REQUESTS = {
  adopt: 'take over a guest that a manifest describes; only the marker is written',
  release: 'let go of a guest once its manifest is gone from Git: it is never destroyed',
  retry: 'try again now what failed, without waiting for its pause to end',
} as const;

function registerRequests(program: Command, context: CommandContext): void {
  for (const kind of ['adopt', 'release', 'retry'] as const) {
    program
      .command(kind)
      .description(REQUESTS[kind])
      .addHelpText('after', `\nExample:\n  pvegit ${kind} qemu/150\n`)
      .argument('<resource>', 'qemu/150 or a name')
      .option('--cluster <name>', 'where there are several')
      .action(async (said: string, options: ClusterOption) => {
        await act(context, (workspace) => {
          const {cluster, key, name} = findIn(workspace, said, options);
          workspace.journal.addRequest({kind, cluster, key}, Date.now());
          const done = `asked to ${kind} ${who(key, name)} of ${cluster} in the next pass`;
          return {done, cluster, key, next: `pvegit why ${name ?? key}`};
        });
      });
  }
}

function registerResolve(program: Command, context: CommandContext): void {
  program
    .command('resolve')
    .description('say what became of a call whose outcome cannot be found out')
    .addHelpText('after', '\nExample:\n  pvegit resolve 12 --not-done\n')
    .argument('<intent>', 'its number, from pvegit status')
    .option('--done', 'it happened')
    .option('--not-done', 'it did not happen')
    .action(async (said: string, options: {done?: boolean; notDone?: boolean}) => {
      await act(context, ({journal}) => {
        const id = Number(said);
        const found = Number.isSafeInteger(id) ? journal.intent(id) : null;
        if (found === null) {
          throw new CommandError(`no intent has the number ${said}`, 'pvegit status lists them.');
        }
        if (found.state !== 'open' && found.state !== 'unknown') {
          const about = `what became of intent ${id} is known: ${found.state}`;
          throw new CommandError(about, 'pvegit status lists those that are open.');
        }
        if (options.done === options.notDone) {
          throw new CommandError('say either --done or --not-done', 'Look at the guest first.');
        }
        const outcome = options.done ? 'done' : 'not-done';
        const {cluster} = found;
        journal.addRequest({kind: 'resolve', intent: id, outcome, cluster}, Date.now());
        return {done: `resolved intent ${id} as ${outcome}`, intent: id};
      });
    });
}

function registerAccepts(program: Command, context: CommandContext): void {
  const source = program.command('source').description('the followed repositories');
  source
    .command('accept')
    .description('follow a commit although history was rewritten')
    .addHelpText('after', '\nExample:\n  pvegit source accept infra 1f3c9a2b07…\n')
    .argument('<source>', 'its name in the configuration')
    .argument('<commit>', 'the full commit id, as the refusal shows it')
    .action(async (name: string, commit: string) => {
      await act(context, (workspace) => {
        const names = workspace.config.sources.map((one) => one.name);
        if (!names.includes(name)) {
          throw new CommandError(
            `no source is called "${name}"`,
            `There are: ${names.join(', ')}.`,
          );
        }
        if (!FULL_COMMIT.test(commit)) {
          throw new CommandError(
            `"${commit}" is not a full commit id`,
            'Copy it as pvegit status shows it, or: git rev-parse COMMIT',
          );
        }
        workspace.journal.addRequest({kind: 'source-accept', source: name, commit}, Date.now());
        return {done: `source ${name} may follow ${commit}`};
      });
    });
}

/** A shorter one, or the name of a branch, would never be met. */
const FULL_COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

function subject(workspace: Workspace, said: string, options: ClusterOption) {
  if (said !== '*') return findIn(workspace, said, options);
  return {
    cluster: knownCluster(options.cluster, workspace.clusters),
    key: '*' as const,
    name: null,
  };
}

function findIn({clusters, journal}: Workspace, said: string, {cluster}: ClusterOption) {
  return findResource(said, clusters, journal, cluster);
}

function who(key: string, name: string | null): string {
  return key === '*' ? 'the whole cluster' : shownResource(key, name);
}

async function act(
  context: CommandContext,
  work: (workspace: Workspace) => {readonly done: string; readonly next?: string},
): Promise<void> {
  const workspace = await openWorkspace(context);
  try {
    const result = work(workspace);
    if (context.options().json) outJson(context.io, result);
    else {
      context.io.out(`${context.io.style.good('✓')} ${result.done}`);
      if (result.next && context.io.interactive) {
        context.io.out(`${context.io.style.accent('→')} ${result.next}`);
      }
    }
  } finally {
    workspace.close();
  }
}

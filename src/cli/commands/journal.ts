// Why this exists: the durable memory can be accepted, copied while in use, put back, and asked
// what was done and by whose leave.
import {existsSync} from 'node:fs';
import {isAbsolute, join, resolve} from 'node:path';
import type {Command} from 'commander';
import type {AuditEntry, Journal} from '../../core/ports.ts';
import {restoreJournal} from '../../journal/backup.ts';
import type {CommandContext} from '../command-context.ts';
import {readConfigFile} from '../config-file.ts';
import {CommandError, outJson} from '../io.ts';
import {auditLines} from '../print/audit-text.ts';
import {findResource} from '../resource-name.ts';
import {openWorkspace} from '../workspace.ts';
import {realClock, realRandom} from '../world/clock.ts';

/** journal accept, journal backup, journal restore, audit */
export function registerJournal(program: Command, context: CommandContext): void {
  const journal = program.command('journal').description('the durable memory: backup, restore');
  registerAccept(journal, context);
  registerBackup(journal, context);
  registerRestore(journal, context);
  registerAudit(program, context);
}

function registerAccept(journal: Command, context: CommandContext): void {
  journal
    .command('accept')
    .description('say that a new journal is meant; approvals from before its birth stay refused')
    .addHelpText('after', '\nExample:\n  pvegit journal accept\n')
    .action(async () => {
      const workspace = await openWorkspace(context);
      workspace.journal.addRequest({kind: 'journal-accept'}, realClock.now());
      workspace.close();
      say(context, 'the new journal is accepted');
    });
}

function registerBackup(journal: Command, context: CommandContext): void {
  journal
    .command('backup')
    .description('copy the journal into a new file, also while a controller runs')
    .argument('<file>', 'where to; it must not exist yet')
    .addHelpText('after', '\nExample:\n  pvegit journal backup /backup/journal-$(date +%F).db\n')
    .action(async (said: string) => {
      const file = absolute(context, said);
      if (existsSync(file)) throw new CommandError(`${file} exists already`, 'Name a new file.');
      const workspace = await openWorkspace(context);
      try {
        await workspace.journal.backup(file);
      } finally {
        workspace.close();
      }
      say(context, `the journal was copied to ${file}`);
    });
}

function registerRestore(journal: Command, context: CommandContext): void {
  journal
    .command('restore')
    .description('put a copy back; the controller must be stopped')
    .argument('<file>', 'a file made by journal backup')
    .addHelpText(
      'after',
      '\nThe restored journal counts as new: what was approved before it was copied is not used\n' +
        'again, and pvegit status says so until: pvegit journal accept\n' +
        '\nExample:\n  pvegit journal restore /backup/journal-2026-11-21.db\n',
    )
    .action(async (said: string) => {
      const {config} = await readConfigFile(context);
      const from = absolute(context, said);
      if (!existsSync(from)) throw new CommandError(`${from} does not exist`, '');
      const to = join(config.data, 'journal.db');
      const restored = restoreJournal({from, to, clock: realClock, random: realRandom});
      const former = restored.former === null ? '' : `; the former one is ${restored.former}`;
      say(context, `the journal was restored from ${from}${former}`);
    });
}

function registerAudit(program: Command, context: CommandContext): void {
  program
    .command('audit')
    .description('what was changed, by whose commit and leave, and how it ended')
    .argument('[resource]', 'qemu/150 or a name; everything if left out')
    .option('--cluster <name>', 'where there are several')
    .option('--limit <number>', 'how many, newest first', '50')
    .addHelpText(
      'after',
      '\nNewest first: when, what, which fields, by whose commit and approval, fingerprint.\n' +
        '\nExamples:\n  pvegit audit qemu/150\n  pvegit audit --json --limit 500\n',
    )
    .action(async (said: string | undefined, options: {cluster?: string; limit: string}) => {
      const limit = Number(options.limit);
      if (!Number.isSafeInteger(limit) || limit < 1) {
        throw new CommandError(`--limit needs a whole number, not "${options.limit}"`, '');
      }
      const {journal, clusters, close} = await openWorkspace(context);
      try {
        const {cluster} = options;
        const found = said === undefined ? null : findResource(said, clusters, journal, cluster);
        const place = found ?? (cluster === undefined ? {} : {cluster});
        const entries = journal.audit({...place, limit});
        if (context.options().json) outJson(context.io, entries);
        else if (entries.length === 0) context.io.err('Nothing was changed yet.');
        else printAudit(context, journal, entries);
      } finally {
        close();
      }
    });
}

function printAudit({io}: CommandContext, journal: Journal, entries: readonly AuditEntry[]): void {
  const clusters = new Set(entries.map((entry) => entry.cluster));
  const names = new Map([...clusters].map((one) => [one, namesOf(journal, one)]));
  for (const entry of entries) {
    const name = names.get(entry.cluster)?.get(entry.key);
    for (const line of auditLines(entry, name, io.style)) io.out(line);
  }
}

/** A resource that is gone has its name in how its last actions ended. */
function namesOf(journal: Journal, cluster: string): ReadonlyMap<string, string> {
  const ended = journal.outcomes(cluster, MOST_ENDED).toReversed();
  return new Map([...ended, ...journal.records(cluster)].map(({key, name}) => [key, name]));
}

const MOST_ENDED = 1_000;

function absolute({io}: CommandContext, path: string): string {
  return isAbsolute(path) ? path : resolve(io.cwd, path);
}

function say(context: CommandContext, done: string): void {
  if (context.options().json) outJson(context.io, {done});
  else context.io.out(`${context.io.style.good('✓')} ${done}`);
}

// Why this exists: who watches the log of a service must see there that a source or a cluster is
// not read, or that a commit has mistakes: once when it begins or changes, and once when it ends.
import type {Log, LogFields} from '../core/ports.ts';
import type {Report, SourceReport} from '../core/report.ts';

/** Something that is wrong now; the same `id` with the same `text` is the same problem. */
interface Problem {
  readonly id: string;
  readonly text: string;
  readonly message: string;
  readonly over: string;
  readonly fields: LogFields;
}

/** Tells what began, changed or ended since the report before, for each cluster by itself. */
export function createProblemLog(log: Log): (report: Report) => void {
  const known = new Map<string, ReadonlyMap<string, Problem>>();
  return (report) => {
    const {cluster} = report;
    const before = known.get(cluster) ?? new Map<string, Problem>();
    const now = new Map(problemsOf(report).map((problem) => [problem.id, problem]));
    known.set(cluster, now);
    for (const {id, text, message, fields} of now.values()) {
      if (before.get(id)?.text !== text) log.warn(message, {cluster, ...fields});
    }
    for (const {id, over, fields} of before.values()) {
      const {source} = fields;
      if (!now.has(id)) log.info(over, {cluster, ...(source === undefined ? {} : {source})});
    }
  };
}

function problemsOf(report: Report): readonly Problem[] {
  const {sources, stages, quorate} = report;
  const observed = stages.find(({stage}) => stage === 'observe');
  return [
    ...sources.flatMap(sourceProblems),
    ...(observed === undefined || observed.ok ? [] : [unread(observed.because ?? '')]),
    ...(quorate === false ? [NO_QUORUM] : []),
  ];
}

function sourceProblems({name, commit, error, diagnostics}: SourceReport): readonly Problem[] {
  const mistakes = diagnostics.filter(({severity}) => severity === 'error');
  const [first] = mistakes;
  const place = first?.range === undefined ? null : `${first.range.file}:${first.range.start.line}`;
  const unfollowed = error && {
    id: `source ${name}`,
    text: `${error.kind} ${error.message}`,
    message: 'a source cannot be followed; its last good revision stays in force',
    over: 'a source is followed again',
    fields: {source: name, kind: error.kind, because: error.message, remedy: error.remedy},
  };
  const mistaken = first && {
    id: `mistakes ${name}`,
    text: `${commit} ${mistakes.length}`,
    message: 'manifests have mistakes; what they describe is left as it is',
    over: 'manifests have no mistakes any more',
    fields: {source: name, commit, mistakes: mistakes.length, first: first.summary, place},
  };
  return [unfollowed, mistaken].filter((one) => one !== null && one !== undefined);
}

/** How many reads failed changes from pass to pass, and is no news. */
function unread(because: string): Problem {
  return {
    id: 'unread',
    text: '',
    message: 'the cluster could not be read whole; what was not read is left as it is',
    over: 'the cluster is read whole again',
    fields: {because, remedy: 'pvegit doctor says why'},
  };
}

const NO_QUORUM: Problem = {
  id: 'quorum',
  text: '',
  message: 'the cluster has no quorum; nothing is written until it has',
  over: 'the cluster has quorum again',
  fields: {remedy: 'On a node: pvecm status'},
};

// Why this exists: how long tasks and durable writes take is seen at the seams, so that no other
// room has to know that it is measured.
import type {Clock, Journal, Pve} from '../core/ports.ts';
import type {MetricEvent, Metrics} from '../core/report.ts';

type TaskEnd = Extract<MetricEvent, {readonly kind: 'task'}>['result'];

/** The same client; each task that is waited for is counted and timed. */
export function measuredPve(pve: Pve, metrics: Metrics, clock: Pick<Clock, 'monotonic'>): Pve {
  const {cluster} = pve;
  return {
    cluster,
    read: (path, options) => pve.read(path, options),
    write: (call, options) => pve.write(call, options),
    clockOffsetMs: () => pve.clockOffsetMs(),
    endpoints: () => pve.endpoints(),
    close: () => pve.close(),
    task: async (upid, options) => {
      const {node, type} = taskLabels(upid);
      const began = clock.monotonic();
      let result: TaskEnd = 'unknown';
      metrics.emit({kind: 'task-started', cluster, node, type});
      try {
        const ended = await pve.task(upid, options);
        if (ended.ok) result = endOf(ended.value);
        return ended;
      } finally {
        const seconds = (clock.monotonic() - began) / 1000;
        metrics.emit({kind: 'task', cluster, node, type, result, seconds});
      }
    },
  };
}

function endOf({
  success,
  warnings,
}: {
  readonly success: boolean;
  readonly warnings: number;
}): TaskEnd {
  if (!success) return 'failed';
  return warnings > 0 ? 'warnings' : 'ok';
}

/** `UPID:node:pid:pstart:starttime:type:id:user:`; anything else is counted as `other`. */
function taskLabels(upid: string): {readonly node: string; readonly type: string} {
  const [, node = '', , , , type = ''] = upid.split(':');
  return {
    node: /^[a-zA-Z0-9-]{1,63}$/.test(node) ? node : 'other',
    type: /^[a-z]{1,32}$/.test(type) ? type : 'other',
  };
}

/** The same journal, each durable write timed; its calls must not depend on `this`. */
export function measuredJournal(
  journal: Journal,
  metrics: Metrics,
  clock: Pick<Clock, 'monotonic'>,
): Journal {
  const timed =
    <A extends readonly unknown[], R>(call: (...given: A) => R) =>
    (...given: A): R => {
      const began = clock.monotonic();
      try {
        return call(...given);
      } finally {
        metrics.emit({kind: 'journal-write', seconds: (clock.monotonic() - began) / 1000});
      }
    };
  return {
    ...journal,
    putRecord: timed(journal.putRecord),
    putRecords: timed(journal.putRecords),
    deleteRecord: timed(journal.deleteRecord),
    openIntent: (intent, approval) => {
      const isNew = approval !== null && !journal.isSpent(approval.id);
      const id = timed(journal.openIntent)(intent, approval);
      if (isNew) {
        for (const _one of [approval, ...(approval.beside ?? [])]) {
          metrics.emit({kind: 'approval', result: 'used'});
        }
      }
      return id;
    },
    takeRequests: (cluster, take) => {
      const requests = journal.takeRequests(cluster, take);
      for (const {kind} of requests) {
        if (kind === 'approve') metrics.emit({kind: 'approval', result: 'given'});
      }
      return requests;
    },
    setTask: timed(journal.setTask),
    closeIntent: timed(journal.closeIntent),
    addOutcome: timed(journal.addOutcome),
    addAudit: timed(journal.addAudit),
    setValue: timed(journal.setValue),
  };
}

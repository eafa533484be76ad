// Why this exists: metrics tell of what there is, forget what is gone, and stay bounded.
import {setImmediate as otherWork} from 'node:timers/promises';
import {describe, expect, it} from 'vitest';
import {HOSTILE} from '../../test/builders/hostile.ts';
import {
  aChange,
  aHold,
  anAction,
  anOutcome,
  aPlan,
  aReport,
  aResource,
  aSource,
  COMMIT,
  fingerprintOf,
  NOW,
} from '../../test/builders/report.ts';
import type {RecordDraft} from '../core/action.ts';
import type {MetricEvent, Report} from '../core/report.ts';
import {METRICS, type MetricName} from './metric-table.ts';
import {createMetrics} from './metrics.ts';

async function scrape(...events: readonly MetricEvent[]): Promise<readonly string[]> {
  const {metrics, pieces} = createMetrics({version: '9.8.7'});
  for (const event of events) metrics.emit(event);
  return (await whole(pieces())).split('\n').filter((line) => line.startsWith('pvegit_'));
}

async function whole(pieces: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
}

const pass = (parts: Partial<Report> = {}): MetricEvent => ({
  kind: 'pass',
  report: aReport(parts),
});

const drifted = aResource({
  state: 'held',
  drift: [{risk: 'disruptive', cause: 'drift', fields: 2, since: NOW - 2_000}],
});

describe('a resource', () => {
  const labels = 'cluster="harness",kind="VirtualMachine",name="neo4j-db",id="qemu/150"';

  it('has one series per state, of which one is 1', async () => {
    const lines = await scrape(pass({resources: [aResource({state: 'held'})]}));
    const states = lines.filter((line) => line.startsWith('pvegit_resource_state{'));
    expect(states).toHaveLength(7);
    expect(states.filter((line) => line.endsWith(' 1'))).toEqual([
      `pvegit_resource_state{${labels},state="held"} 1`,
    ]);
    expect(lines).toContain(`pvegit_resource_info{${labels},node="pve1",mode="enforce"} 1`);
    expect(lines).toContain(
      'pvegit_resources{cluster="harness",kind="VirtualMachine",state="held"} 1',
    );
  });

  it('that is gone takes its series with it', async () => {
    const lines = await scrape(pass({resources: [drifted]}), pass({resources: []}));
    expect(lines.filter((line) => line.includes('qemu/150'))).toEqual([]);
  });

  it('drifts by class and cause, with its fields and since when', async () => {
    const lines = await scrape(pass({resources: [drifted]}));
    const drift = `{${labels},class="disruptive",cause="drift"}`;
    expect(lines).toContain(`pvegit_drift${drift} 1`);
    expect(lines).toContain(`pvegit_drift_fields${drift} 2`);
    expect(lines).toContain(`pvegit_drift_since_timestamp_seconds${drift} ${(NOW - 2_000) / 1000}`);
  });
});

describe('a drift', () => {
  const detected =
    'pvegit_drift_detected_total{cluster="harness",kind="VirtualMachine",cause="drift"}';

  it('is detected once however many passes see it', async () => {
    const seen = pass({resources: [drifted]});
    expect(await scrape(pass(), seen, seen)).toContain(`${detected} 1`);
  });

  it('that was known before a start is not detected again', async () => {
    const since = NOW - 86_400_000;
    const known = {...drifted, drift: drifted.drift.map((one) => ({...one, since}))};
    expect(await scrape(pass({resources: [known]}))).toContain(`${detected} 0`);
  });

  it('stood unseen at most since the last look that saw everything began', async () => {
    const stages = aReport().stages.map((one) =>
      one.stage === 'observe' ? {...one, ok: false} : one,
    );
    const lag = (lines: readonly string[]) =>
      lines.filter((line) => /lag_seconds_(?:sum|count)/.test(line));
    const whole = pass({startedAt: NOW - 62_000});
    const half = pass({startedAt: NOW - 32_000, stages});
    const found = pass({resources: [drifted]});
    expect(lag(await scrape(whole, half, found, found))).toEqual([
      'pvegit_drift_detection_lag_seconds_sum 60',
      'pvegit_drift_detection_lag_seconds_count 1',
    ]);
    // After a start nobody knows when somebody looked.
    expect(lag(await scrape(half, found))).toEqual([
      'pvegit_drift_detection_lag_seconds_sum 0',
      'pvegit_drift_detection_lag_seconds_count 0',
    ]);
  });

  it('that an action put right is counted by its class', async () => {
    const changes = [aChange({cause: 'drift', risk: 'benign'}), aChange({cause: 'pending'})];
    const lines = await scrape({
      kind: 'outcome',
      outcome: anOutcome(),
      action: anAction({changes}),
    });
    expect(lines).toContain(
      'pvegit_drift_corrected_total{cluster="harness",kind="VirtualMachine",class="benign"} 1',
    );
  });
});

describe('plan and gate', () => {
  it('say nothing of unmanaged guests where they could not be listed', async () => {
    expect(`${await scrape(pass({plan: aPlan({unmanaged: null})}))}`).not.toMatch(/_unmanaged_/);
  });
  it('are counted by class, verb and the reason shown', async () => {
    const action = anAction();
    const removal = anAction({vmid: 160, verb: 'delete', risk: 'destructive'});
    const lines = await scrape(
      pass({
        plan: aPlan({actions: [action, removal], pruneCandidates: [removal.key]}),
        verdicts: [aHold(action, 'approval'), aHold(removal, 'self', {verdict: 'refuse'})],
      }),
    );
    for (const line of [
      'pvegit_plan_actions{cluster="harness",class="destructive",verb="delete"} 1',
      'pvegit_plan_actions{cluster="harness",class="benign",verb="update"} 0',
      'pvegit_held_actions{cluster="harness",class="disruptive",reason="approval"} 1',
      'pvegit_held_actions{cluster="harness",class="destructive",reason="self"} 1',
      'pvegit_approvals_pending{cluster="harness"} 1',
      'pvegit_prune_candidates{cluster="harness",kind="VirtualMachine"} 1',
      'pvegit_unmanaged_guests{cluster="harness"} 1',
      'pvegit_guard_trips_total{cluster="harness",guard="self"} 1',
    ]) {
      expect(lines).toContain(line);
    }
  });
});

describe('an outcome', () => {
  const record = {commit: COMMIT} satisfies Partial<RecordDraft>;

  it('is counted by kind, verb, class and result, and timed from its commit', async () => {
    // Safe: only the commit of a record is read.
    const action = anAction({record: record as RecordDraft});
    const outcome = anOutcome({endedAt: NOW - 5_000});
    const lines = await scrape(pass(), {kind: 'outcome', outcome, action});
    expect(lines).toContain(
      'pvegit_actions_total{cluster="harness",kind="VirtualMachine",verb="update",' +
        'class="disruptive",result="done"} 1',
    );
    expect(lines).toContain('pvegit_commit_to_applied_seconds_sum{cluster="harness"} 60');
  });

  it('of a drift or of another commit says nothing about commits', async () => {
    // Safe: only the commit of a record is read.
    const drift = anAction({
      record: record as RecordDraft,
      changes: [aChange({cause: 'drift'})],
    });
    // Safe: as above.
    const old = anAction({record: {commit: 'f'.repeat(40)} as RecordDraft});
    const lines = await scrape(
      pass(),
      ...[drift, old].map((action) => ({
        kind: 'outcome' as const,
        outcome: anOutcome(),
        action,
      })),
    );
    expect(lines).toContain('pvegit_commit_to_applied_seconds_count{cluster="harness"} 0');
  });
});

describe('a source', () => {
  it('that cannot be followed is named with a kind of error, until it can', async () => {
    const error = {kind: 'rewritten', message: 'history was rewritten', remedy: 'accept'} as const;
    const failing = pass({sources: [aSource({error})], result: 'degraded'});
    const line = 'pvegit_source_error{cluster="harness",repository="harness",error="rewritten"} 1';
    expect(await scrape(failing)).toContain(line);
    const after = await scrape(failing, pass());
    expect(after.filter((one) => one.startsWith('pvegit_source_error'))).toEqual([]);
  });

  it('is applied at the commit after which all of it was in sync', async () => {
    const applied = 'pvegit_git_applied_timestamp_seconds{cluster="harness",repository="harness"}';
    const newer = pass({
      sources: [aSource({committedAt: NOW})],
      resources: [aResource({state: 'applying'})],
    });
    const lines = await scrape(pass(), newer);
    expect(lines).toContain(`${applied} ${(NOW - 65_000) / 1000}`);
    expect(lines).toContain(
      `pvegit_git_head_timestamp_seconds{cluster="harness",repository="harness"} ${NOW / 1000}`,
    );
  });
});

describe('what happens', () => {
  it('is counted and timed', async () => {
    const task = {cluster: 'harness', node: 'pve1', type: 'qmclone'};
    const lines = await scrape(
      pass(),
      {kind: 'task-started', ...task},
      {kind: 'task-started', ...task},
      {kind: 'task', ...task, result: 'warnings', seconds: 42},
      {kind: 'git-fetch', repository: 'harness', result: 'failed', seconds: 1},
      {kind: 'git-verification', result: 'bad'},
      {kind: 'approval', result: 'used'},
      {kind: 'journal-write', seconds: 0.002},
      {kind: 'config-reload', ok: false},
      {kind: 'leader', cluster: 'harness', held: true},
      {
        kind: 'pve-request',
        cluster: 'harness',
        operation: 'GET /nodes/{node}/qemu/{vmid}/pending',
        code: '200',
        seconds: 0.02,
      },
    );
    for (const line of [
      'pvegit_tasks_running{cluster="harness",node="pve1",type="qmclone"} 1',
      'pvegit_tasks_total{cluster="harness",node="pve1",type="qmclone",result="warnings"} 1',
      'pvegit_task_duration_seconds_sum{type="qmclone"} 42',
      'pvegit_git_fetch_total{repository="harness",result="failed"} 1',
      'pvegit_git_verifications_total{result="bad"} 1',
      'pvegit_git_verifications_total{result="good"} 0',
      'pvegit_approvals_total{result="used"} 1',
      'pvegit_approvals_total{result="expired"} 0',
      'pvegit_window_open{cluster="harness",class="destructive"} 1',
      'pvegit_journal_write_duration_seconds_count 1',
      'pvegit_config_reload_success 0',
      'pvegit_leader{cluster="harness"} 1',
      'pvegit_passes_total{cluster="harness",result="ok"} 1',
      'pvegit_passes_total{cluster="harness",result="failed"} 0',
      `pvegit_last_success_timestamp_seconds{cluster="harness",stage="plan"} ${
        (NOW - 1_500) / 1000
      }`,
      'pvegit_pve_requests_total{cluster="harness",' +
        'operation="GET /nodes/{node}/qemu/{vmid}/pending",code="200"} 1',
      `pvegit_build_info{version="9.8.7",nodejs="${process.version}"} 1`,
    ]) {
      expect(lines).toContain(line);
    }
  });

  it('in a cluster that is no longer followed is forgotten', async () => {
    const action = anAction();
    const lines = await scrape(
      pass({resources: [drifted]}),
      {kind: 'leader', cluster: 'harness', held: true},
      {kind: 'outcome', outcome: anOutcome(), action},
      {kind: 'task', cluster: 'harness', node: 'pve1', type: 'qmstart', result: 'ok', seconds: 1},
      {kind: 'git-fetch', repository: 'harness', result: 'changed', seconds: 1},
      {kind: 'forget-cluster', cluster: 'harness'},
    );
    expect(lines.filter((line) => line.includes('harness'))).toEqual([]);
  });
});

describe('what may happen next', () => {
  it('has series with 0, so that Prometheus sees the first increase', async () => {
    const planned = pass({plan: aPlan({actions: [anAction()]})});
    const task = {cluster: 'harness', node: 'pve1', type: 'qmstart'};
    const lines = await scrape(planned, {kind: 'task-started', ...task});
    for (const line of [
      'pvegit_actions_total{cluster="harness",kind="VirtualMachine",verb="update",' +
        'class="disruptive",result="failed"} 0',
      'pvegit_tasks_total{cluster="harness",node="pve1",type="qmstart",result="ok"} 0',
      'pvegit_task_duration_seconds_count{type="qmstart"} 0',
      'pvegit_guard_trips_total{cluster="harness",guard="self"} 0',
      'pvegit_git_fetch_total{repository="harness",result="failed"} 0',
      'pvegit_drift_corrected_total{cluster="harness",kind="VirtualMachine",class="benign"} 0',
    ]) {
      expect(lines).toContain(line);
    }
  });
});

describe('a pause', () => {
  it('is counted by scope while it is in force', async () => {
    const suspension = {cluster: 'harness', reason: 'r', owner: 'o', since: NOW};
    const {metrics, pieces} = createMetrics({
      version: '1',
      now: () => NOW,
      journal: {
        suspensions: () => [
          {...suspension, key: '*', expiresAt: null},
          {...suspension, key: 'guest/150', expiresAt: NOW + 1},
          {...suspension, key: 'guest/160', expiresAt: NOW - 1},
        ],
      },
    });
    metrics.emit(pass());
    const lines = (await whole(pieces())).split('\n');
    expect(lines).toContain('pvegit_suspended{cluster="harness",scope="cluster"} 1');
    expect(lines).toContain('pvegit_suspended{cluster="harness",scope="resource"} 1');
  });
});

describe('the text', () => {
  it('has one head per metric, also with several clusters', async () => {
    const {metrics, pieces} = createMetrics({version: '1'});
    metrics.emit(pass());
    metrics.emit(pass({cluster: 'neve'}));
    const heads = (await whole(pieces())).split('\n').filter((line) => line.startsWith('# TYPE'));
    expect(heads).toEqual([...new Set(heads)]);
    expect(heads).toContain('# TYPE pvegit_resources gauge');
  });

  it.each(HOSTILE)('stays well formed whatever a name holds: $tries', async ({text: name}) => {
    const lines = await scrape(pass({resources: [aResource({name})]}));
    const forged = lines.filter((line) => !((line.split(/[{ ]/)[0] ?? '') in METRICS));
    expect(forged.filter((line) => !/_(?:bucket|sum|count)[{ ]/.test(line))).toEqual([]);
    for (const line of lines) {
      expect(line).toMatch(/^pvegit_\w+(?:\{(?:\w+="(?:[^"\\]|\\\\|\\")*",?)*\})? [\d.e+-]+$/);
    }
  });

  it('of ten thousand guests is bounded, and others have their turn meanwhile', async () => {
    const resources = Array.from({length: 10_000}, (_, at) =>
      aResource({vmid: 1_000 + at, name: `claude-dev-${at}`}),
    );
    const {metrics, pieces} = createMetrics({version: '1'});
    metrics.emit(pass({resources}));
    const written = whole(pieces());
    const turns = await turnsUntil(written);
    const lines = (await written).split('\n');
    expect(lines.length).toBeGreaterThan(70_000);
    expect(lines.length).toBeLessThan(81_000);
    expect(turns).toBeGreaterThanOrEqual(Math.floor(lines.length / 2_000) - 1);
    expect(await whole(pieces())).toContain('qemu/10999');
  });

  it('of ten thousand guests is nowhere held whole', async () => {
    const resources = Array.from({length: 10_000}, (_, at) => aResource({vmid: 1_000 + at}));
    const {metrics, pieces} = createMetrics({version: '1'});
    metrics.emit(pass({resources}));
    let longest = 0;
    for await (const piece of pieces()) longest = Math.max(longest, piece.length);
    expect(longest).toBeLessThan(512 * 1_024);
  });

  it('is that of one moment, whatever pass ends while it is sent', async () => {
    const {metrics, pieces} = createMetrics({version: '1'});
    metrics.emit(pass({resources: [aResource({name: 'before'})]}));
    let text = '';
    for await (const piece of pieces()) {
      metrics.emit(pass({resources: [aResource({name: 'after'})]}));
      text += piece;
    }
    expect(text).toContain('name="before"');
    expect(text).not.toContain('name="after"');
  });
});

/** How often other work had its turn before the promise was kept. */
async function turnsUntil(promise: Promise<unknown>): Promise<number> {
  let isKept = false;
  void promise.then(() => {
    isKept = true;
  });
  let turns = 0;
  for (; !isKept; turns++) await otherWork();
  return turns;
}

describe('the table of metrics', () => {
  const names = Object.keys(METRICS);

  it.each(names)('%s is named as its type and unit ask', (name) => {
    // Safe: the names are the keys of the table.
    const {type, labels, help} = METRICS[name as MetricName];
    expect(name).toMatch(/^pvegit_[a-z_]+$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    if (type === 'histogram') expect(name).toMatch(/_seconds$/);
    expect(help).toMatch(/^[A-Z1].*\.$/);
    expect([...labels]).not.toContain('revision');
    expect(new Set(labels).size).toBe(labels.length);
  });

  it('has a fingerprint nowhere', async () => {
    const action = anAction();
    const plan = aPlan({actions: [action]});
    const lines = await scrape(pass({plan, verdicts: [aHold(action, 'approval')]}));
    expect(lines.join('\n')).not.toContain(fingerprintOf(150).slice(0, 16));
    expect(lines.join('\n')).not.toContain(COMMIT);
  });
});

// Why this exists: a panel that asks for a metric that no longer exists shows nothing, and nobody
// notices. Every metric named in grafana/ and in its documentation exists, and the reverse.
import {describe, expect, it} from 'vitest';
import {DRIFT_ROWS, driftDashboard} from '../scripts/generate-grafana.ts';
import {presentText} from '../scripts/generated.ts';
import {RISKS} from '../src/core/model.ts';
import {RESOURCE_STATES} from '../src/core/report.ts';
import {METRICS} from '../src/status/metric-table.ts';

/** Series names of a metric: a histogram has three. */
const SERIES = new Set(
  Object.entries(METRICS).flatMap(([name, {type}]) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
);

function named(text: string): readonly string[] {
  return [...new Set(text.match(/\bpvegit_[a-z_]+\b/g) ?? [])].sort();
}

function unknown(text: string): readonly string[] {
  return named(text).filter((name) => !SERIES.has(name));
}

describe('every metric named', () => {
  it.each(['grafana/drift.json', 'grafana/alerts.yaml', 'grafana/alerts.test.yaml'])(
    'in %s exists',
    (path) => {
      const text = presentText(path);
      expect(named(text).length).toBeGreaterThan(10);
      expect(unknown(text)).toEqual([]);
    },
  );

  it('would be found out if it did not', () => {
    expect(unknown('sum(pvegit_forgotten_total)')).toEqual(['pvegit_forgotten_total']);
  });
});

describe('every metric', () => {
  it('is in the room’s README', () => {
    const documented = named(presentText('src/status/README.md'));
    expect(documented).toEqual(Object.keys(METRICS).sort());
  });
});

describe('the labels that queries ask for', () => {
  const queries = DRIFT_ROWS.flatMap(({panels}) =>
    panels.flatMap(({title, queries}) => queries.map(({expr}) => ({title, expr}))),
  );

  it.each(queries)('exist: $title', ({expr}) => {
    for (const [, name = '', selector = ''] of expr.matchAll(/(pvegit_\w+)\{([^}]*)\}/g)) {
      const asked = [...selector.matchAll(/(\w+)(?:=~|!~|!=|=)/g)].map(([, label]) => label);
      // Safe: that the name exists is another test's claim; an unknown one has no labels.
      const shape = METRICS[name.replace(/_(?:bucket|sum|count)$/, '') as keyof typeof METRICS];
      expect(shape?.labels ?? []).toEqual(expect.arrayContaining(asked));
    }
  });
});

describe('the dashboard', () => {
  const {panels = [], templating} = driftDashboard();

  it('has a title, a description and a place for every panel, and none overlaps', () => {
    const taken = new Set<string>();
    for (const panel of panels) {
      if (!('gridPos' in panel) || panel.gridPos === undefined) throw new Error('no place');
      const {x, y, w, h} = panel.gridPos;
      expect(x + w).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column += 1) {
        for (let row = y; row < y + h; row += 1) {
          expect(taken).not.toContain(`${column} ${row}`);
          taken.add(`${column} ${row}`);
        }
      }
      expect(panel.title).not.toBe('');
      if (panel.type !== 'row') expect('description' in panel && panel.description).not.toBe('');
    }
    expect(panels.length).toBeGreaterThan(30);
  });

  const shown = panels.flatMap((panel) => ('fieldConfig' in panel ? [panel] : []));

  it('has no panel that is not looked at here', () => {
    const rows = panels.filter(({type}) => type === 'row');
    expect(shown.length + rows.length).toBe(panels.length);
  });

  it.each(shown)('$title has a unit and says what it means to show nothing', (panel) => {
    const {fieldConfig, type} = panel;
    expect(fieldConfig?.defaults.noValue).toBe('none');
    if (type !== 'table') expect(fieldConfig?.defaults.unit).toBeTruthy();
    if (type !== 'stat') return;
    const steps = fieldConfig?.defaults.thresholds?.steps ?? [];
    expect(steps[0]).toEqual({value: null, color: 'green'});
    expect(steps.length).toBeGreaterThan(1);
    const values = steps.slice(1).map(({value}) => Number(value));
    expect(values).toEqual(values.toSorted((left, right) => left - right));
  });

  it('gives a state, class, cause or result the same colour wherever it appears', () => {
    const colours = new Map<string, Set<string>>();
    for (const {colours: own = {}} of DRIFT_ROWS.flatMap(({panels}) => panels)) {
      for (const [name, colour] of Object.entries(own)) {
        colours.set(name, (colours.get(name) ?? new Set()).add(colour));
      }
    }
    expect([...colours].filter(([, each]) => each.size > 1)).toEqual([]);
    for (const state of RESOURCE_STATES) expect(colours.has(state)).toBe(true);
    for (const risk of RISKS) expect(colours.has(risk)).toBe(true);
  });

  it('asks which Prometheus and which cluster', () => {
    expect(templating?.list?.map(({name}) => name)).toEqual(['datasource', 'cluster']);
  });
});

describe('every alert', () => {
  const rules = [
    ...presentText('grafana/alerts.yaml').matchAll(
      /- alert: (\w+)\n([\s\S]*?)(?=\n {6}- alert|$)/g,
    ),
  ];

  it.each(rules.map(([, name = '', rest = '']) => ({name, rest})))(
    '$name has a severity, a sentence, a way on and a test',
    ({name, rest}) => {
      expect(rest).toMatch(/severity: (page|ticket)/);
      expect(rest).toMatch(/summary: \S/);
      expect(rest).toMatch(/description: \S/);
      expect(presentText('grafana/alerts.test.yaml')).toContain(`alertname: ${name}`);
    },
  );

  it('is found', () => {
    expect(rules.length).toBeGreaterThan(10);
  });
});

// Why this exists: proves that a log is not silent while something is wrong, and not loud either.
import {describe, expect, it} from 'vitest';
import {aReport, aSource} from '../../test/builders/report.ts';
import type {Log} from '../core/ports.ts';
import type {Report} from '../core/report.ts';
import {createProblemLog} from './problem-log.ts';

const GONE = {kind: 'unreachable', message: 'no such repository', remedy: 'Look.'} as const;
const MISTAKE = {severity: 'error', code: 'x', summary: 'A field is not known'} as const;

/** What is logged of these reports, one line each: level, message, cluster. */
function logged(...reports: readonly Report[]): readonly string[] {
  const lines: string[] = [];
  const note = (level: string): Log['info'] => {
    return (message, fields = {}) =>
      void lines.push(`${level}: ${message} ${JSON.stringify(fields)}`);
  };
  const log: Log = {
    debug: note('debug'),
    info: note('info'),
    warn: note('warn'),
    error: note('error'),
    child: () => log,
  };
  const tell = createProblemLog(log);
  for (const report of reports) tell(report);
  return lines;
}

describe('the log of problems', () => {
  it('tells once that a source cannot be followed, and once that it is again', () => {
    const bad = aReport({sources: [aSource({error: GONE})]});
    const other = aReport({sources: [aSource({error: {...GONE, message: 'other'}})]});
    const lines = logged(aReport(), bad, bad, other, aReport(), aReport());
    expect(lines).toHaveLength(3);
    expect(lines[0]).toContain('warn: a source cannot be followed');
    expect(lines[0]).toContain('"because":"no such repository","remedy":"Look."');
    expect(lines[1]).toContain('"because":"other"');
    expect(lines[2]).toBe(
      'info: a source is followed again {"cluster":"harness","source":"harness"}',
    );
  });

  it('tells of mistakes by commit, and where the first one is', () => {
    const range = {
      file: 'a.yaml',
      start: {line: 7, column: 1, offset: 0},
      end: {line: 7, column: 2, offset: 1},
    };
    const diagnostics = [{...MISTAKE, detail: '', range}];
    const bad = aReport({sources: [aSource({commit: 'a1', diagnostics})]});
    const next = aReport({sources: [aSource({commit: 'b2', diagnostics})]});
    const lines = logged(bad, bad, next, aReport());
    expect(lines).toHaveLength(3);
    expect(lines[0]).toContain('"mistakes":1,"first":"A field is not known","place":"a.yaml:7"');
    expect(lines[2]).toContain('info: manifests have no mistakes any more');
  });

  it('tells of reads that fail, however many, and of a lost quorum', () => {
    const stages = (because: string): Report['stages'] => [
      {stage: 'observe', seconds: 1, ok: false, because},
    ];
    const lines = logged(
      aReport({stages: stages('3 reads failed')}),
      aReport({stages: stages('2 reads failed'), quorate: false}),
      aReport({quorate: null}),
    );
    expect(lines.map((line) => line.split('{')[0])).toEqual([
      'warn: the cluster could not be read whole; what was not read is left as it is ',
      'warn: the cluster has no quorum; nothing is written until it has ',
      'info: the cluster is read whole again ',
      'info: the cluster has quorum again ',
    ]);
  });

  it('keeps clusters apart', () => {
    const bad = aReport({cluster: 'b', quorate: false});
    expect(logged(bad, aReport({cluster: 'a'}), bad)).toHaveLength(1);
  });
});

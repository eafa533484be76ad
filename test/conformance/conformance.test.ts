// Why this exists: the simulator keeps answering as the real API did; see judge.ts for the rule.
import {describe, expect, it} from 'vitest';
import {judge, readList} from './judge.ts';
import {readScenarios, recordingsExist} from './recording.ts';
import {replay} from './replay.ts';

const present = recordingsExist();
if (!present) {
  console.log('conformance: skipped, the recordings are not beside the project');
}

describe.skipIf(!present)('the simulator answers as the recorded API', () => {
  const list = readList();
  const scenarios = present ? readScenarios() : [];

  it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
    '%s differs only where the list says why',
    (_, scenario) => {
      expect(judge(scenario, replay(scenario), list[scenario.name])).toEqual([]);
    },
  );

  it('lists no scenario that is not recorded', () => {
    const names = scenarios.map((scenario) => scenario.name);
    expect(Object.keys(list).filter((name) => !names.includes(name))).toEqual([]);
  });
});

// Why this exists: no endpoint may forget its permission: every simulated method whose rule names a
// privilege is asked by a token that has none.
import {describe, expect, it} from 'vitest';
import {simulatedMethods} from '../../../src/simulator/router.ts';
import {findMethod} from '../../../src/simulator/schema/api.ts';
import type {Version} from '../../../src/simulator/state.ts';
import {ask, makeDesk} from './desk.ts';

const fillings: Readonly<Record<string, string>> = {
  node: 'pve1',
  vmid: '100',
  storage: 'local',
  userid: 'admin@pve',
  volume: 'local:iso/a.iso',
  upid: 'UPID:pve1:00000001:00000001:65000000:qmstart:100:root@pam:',
};

function filled(template: string): string {
  return template.replace(/\{([^}]+)\}/g, (_, name: string) => fillings[name] ?? 'x1');
}

/** Calls with a rule of their own in this version. */
function ruled(version: Version): readonly string[] {
  return simulatedMethods().filter((name) => {
    const [verb = '', template = ''] = name.split(' ');
    const method = findMethod(version, verb, filled(template))?.method;
    return method?.check !== undefined && method.user === undefined;
  });
}

describe.each(['8.4', '9.1'] as const)('in %s', (version) => {
  it('each call with a rule is refused to a token without any privilege', () => {
    const desk = makeDesk({version, guests: {100: {config: {name: 'a'}}}});
    const calls = ruled(version);
    const admitted = calls.filter((name) => {
      const [verb = '', template = ''] = name.split(' ');
      const {status, reason} = ask(desk, 'ops@pve!tk', `${verb} ${filled(template)}`, {
        userid: 'admin@pve',
        path: '/vms/100',
      });
      return status !== 403 && !/duplicate parameter|CSRF/.test(reason);
    });
    expect([calls.length > 250, admitted]).toEqual([true, []]);
  });

  it('and each call without a rule and not for all is root@pam alone', () => {
    const desk = makeDesk({version, guests: {100: {config: {name: 'a'}}}});
    const own = simulatedMethods().filter((name) => {
      const [verb = '', template = ''] = name.split(' ');
      const method = findMethod(version, verb, filled(template))?.method;
      return method !== undefined && method.check === undefined && method.user === undefined;
    });
    const reasons = own.map((name) => {
      const [verb = '', template = ''] = name.split(' ');
      return ask(desk, 'admin@pve!tk', `${verb} ${filled(template)}`).reason;
    });
    expect(new Set(reasons)).toEqual(
      new Set(own.length === 0 ? [] : ['Permission check failed (user != root@pam)']),
    );
  });
});

// Why this exists: proves that a secret does not print.
import {inspect} from 'node:util';
import {expect, test} from 'vitest';
import {SecretText} from './secret-text.ts';

test('a secret shows in no way of printing, and is given to who asks', () => {
  const secret = new SecretText('hunter2');
  const shown = [
    String(secret),
    `${secret}`,
    JSON.stringify({secret}),
    inspect({deep: {secret}}, {showHidden: true, depth: 9}),
    new Error(`bad: ${secret}`).message,
    JSON.stringify(Object.entries(secret)),
    JSON.stringify(structuredClone({...secret})),
  ];
  expect(shown.join('\n')).not.toContain('hunter2');
  expect(secret.reveal()).toBe('hunter2');
});

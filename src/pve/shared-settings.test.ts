// Why this exists: answers that share their parts must say what they said.
import {expect, test} from 'vitest';
import type {Json} from '../core/json.ts';
import {SharedSettings} from './shared-settings.ts';

const cores = (value: Json) => ({key: 'cores', value});

test('what two guests say alike is kept once', () => {
  const settings = new SharedSettings();
  const first = settings.share([cores('2'), {key: 'name', value: 'a'}]);
  const second = settings.share([cores('2'), {key: 'name', value: 'b'}]);
  expect(second).toEqual([cores('2'), {key: 'name', value: 'b'}]);
  const items = [first, second].map((one) => (Array.isArray(one) ? one[0] : null));
  expect(items[1]).toBe(items[0]);
});

test.each([
  {answer: [cores('2'), {key: 'cores', value: '2', pending: '4'}], reason: 'a pending value'},
  {answer: [cores('2'), {key: 'cores', value: '2', delete: 1}], reason: 'a pending deletion'},
  {answer: [cores('2'), cores(2)], reason: 'a number is no text'},
  {answer: [cores('2'), {key: 'cores'}], reason: 'no value'},
  {answer: [cores('2'), null, 'text', 7, [cores('2')]], reason: 'what is no setting'},
  {answer: [{id: 'qemu/100', key: 5}], reason: 'a list of something else'},
  {answer: {data: [cores('2')]}, reason: 'no list'},
  {answer: [], reason: 'nothing'},
])('an answer says what it said: $reason', ({answer}) => {
  const settings = new SharedSettings();
  settings.share([cores('2'), cores('4')]);
  expect(settings.share(answer)).toEqual(answer);
});

test('what every guest says differently is not remembered without end', () => {
  const settings = new SharedSettings();
  const name = (index: number) => ({key: 'name', value: `guest-${index}`});
  const last = name(1000);
  for (let index = 0; index < 1000; index += 1) settings.share([name(index)]);
  settings.share([last]);
  const again = settings.share([name(1000)]);
  expect(again).toEqual([last]);
  expect(Array.isArray(again) && again[0]).not.toBe(last);
});

// Why this exists: proves that log lines hold what happened and never a secret.
import {describe, expect, it} from 'vitest';
import {HOSTILE} from '../../test/builders/hostile.ts';
import {SecretText} from '../core/secret-text.ts';
import {createLog, type LogOptions} from './log.ts';
import {safeFields} from './log-fields.ts';

function written(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const destination = {write: (line: string) => lines.push(line)};
  return {lines, log: createLog({level: 'debug', destination, ...options})};
}

describe('a log line', () => {
  it('is one JSON object with time, level, message and the fields of its parents', () => {
    const {lines, log} = written();
    log.child({cluster: 'harness'}).warn('action ended early', {key: 'guest/150'});
    expect(lines).toHaveLength(1);
    const line: unknown = JSON.parse(lines[0] ?? '');
    expect(line).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      level: 'warn',
      message: 'action ended early',
      cluster: 'harness',
      key: 'guest/150',
    });
    expect(lines[0]?.endsWith('}\n')).toBe(true);
  });

  it('below the level is not written', () => {
    const {lines, log} = written({level: 'warn'});
    log.debug('read');
    log.info('read');
    expect(lines).toEqual([]);
    const silent = written({level: 'silent'});
    silent.log.error('broken');
    expect(silent.lines).toEqual([]);
  });

  it.each(HOSTILE)('is one line whatever its fields hold: $tries', ({text}) => {
    for (const pretty of [false, true]) {
      const {lines, log} = written({pretty});
      log.info('seen', {text});
      expect(lines).toHaveLength(1);
      expect(lines[0]?.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    }
  });
});

describe('a line for a terminal', () => {
  it('says time, level, message and fields, with quotes only where they are needed', () => {
    const {lines, log} = written({pretty: true});
    log.info('action done', {key: 'guest/150', because: 'all good', steps: 3});
    expect(lines[0]).toMatch(
      /^\d\d:\d\d:\d\d info {2}action done key=guest\/150 because="all good" steps=3\n$/,
    );
  });

  it('is coloured when asked', () => {
    const {lines, log} = written({pretty: true, colour: true});
    log.error('broken');
    expect(lines[0]).toContain('\u001b[31merror\u001b[39m');
  });
});

describe('a secret', () => {
  const holders: readonly (readonly [string, {readonly [key: string]: unknown}])[] = [
    ['by type', {value: new SecretText('hunter2')}],
    ['by type, deep inside', {a: {b: [{c: new SecretText('hunter2')}]}}],
    ['by key', {password: 'hunter2'}],
    ['by key, camel case', {listenToken: 'hunter2', clientSecret: 'hunter2'}],
    ['by key, an object', {token: {value: 'hunter2'}}],
    ['by key, a list', {credentials: ['hunter2']}],
    ['in an error text', {error: new Error('PVEAPIToken=a@pve!b=hunter2 was refused')}],
    ['in the cause of an error', {error: new Error('x', {cause: new Error('c@pve!d=hunter2')})}],
    ['in a URL', {repository: 'https://me:hunter2@git.example/infra.git'}],
    ['in a header', {header: 'Authorization: Bearer hunter2'}],
    ['in a list of texts', {args: ['a', 'https://hunter2@git.example/']}],
  ];

  it.each(holders)('is not shown, known %s', (_how, fields) => {
    const shown = JSON.stringify(safeFields(fields));
    expect(shown).not.toContain('hunter2');
    expect(shown).toContain('(secret)');
  });

  it('is not guessed where there is none', () => {
    const fields = {tokens: 3, key: 'guest/150', token: null, url: 'https://git.example/a@b'};
    expect(safeFields(fields)).toEqual(fields);
  });
});

describe('a field', () => {
  it('is cut where it is too deep, too long or no number', () => {
    const deep = {a: {a: {a: {a: {a: {a: {a: {a: 1}}}}}}}};
    expect(JSON.stringify(safeFields({deep}))).toContain('"…"');
    const {text, list, none} = safeFields({
      text: 'x'.repeat(9_000),
      list: Array.from({length: 500}, (_, at) => at),
      none: Number.NaN,
    });
    expect(String(text)).toHaveLength(4_001);
    expect(list).toHaveLength(100);
    expect(none).toBe('NaN');
  });
});

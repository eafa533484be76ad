// Why this exists: proves who is answered and who is not, one row per way of asking.
import {describe, expect, it} from 'vitest';
import {type Asked, type GuardOptions, hostName, refusalOf} from './guard.ts';

const ASKED: Asked = {
  method: 'GET',
  path: '/api/v1/status',
  host: '127.0.0.1:9469',
  authorization: undefined,
};
const LOOPBACK: GuardOptions = {host: '127.0.0.1', token: null, tls: false};
const TOKEN: GuardOptions = {host: '0.0.0.0', token: 'a-long-token', tls: false};
const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;

const CASES: readonly (readonly [string, Partial<Asked>, GuardOptions, number | null])[] = [
  ['a loopback address', {}, LOOPBACK, null],
  ['localhost', {host: 'localhost:9469'}, LOOPBACK, null],
  ['another loopback address', {host: '127.8.8.8'}, LOOPBACK, null],
  ['IPv6 loopback', {host: '[::1]:9469'}, LOOPBACK, null],
  ['upper case', {host: 'LOCALHOST'}, LOOPBACK, null],
  ['the configured host', {host: 'pve-ops:9469'}, {...LOOPBACK, host: 'pve-ops'}, null],
  ['a stranger’s name (rebinding)', {host: 'evil.example:9469'}, LOOPBACK, 421],
  ['a name that begins like loopback', {host: '127.0.0.1.evil.example'}, LOOPBACK, 421],
  ['a name that ends like localhost', {host: 'evil-localhost'}, LOOPBACK, 421],
  ['no name at all', {host: undefined}, LOOPBACK, 421],
  ['an odd name', {host: 'localhost/@evil.example'}, LOOPBACK, 421],
  ['any name over TLS', {host: 'ops.example'}, {...LOOPBACK, tls: true}, null],
  ['POST', {method: 'POST'}, LOOPBACK, 405],
  ['DELETE', {method: 'DELETE'}, LOOPBACK, 405],
  ['OPTIONS', {method: 'OPTIONS'}, LOOPBACK, 405],
  ['HEAD', {method: 'HEAD'}, LOOPBACK, null],
  ['no token', {}, TOKEN, 401],
  ['a wrong token', {authorization: 'Bearer another-token'}, TOKEN, 401],
  ['a prefix of the token', {authorization: 'Bearer a-long'}, TOKEN, 401],
  ['the token', {authorization: 'Bearer a-long-token'}, TOKEN, null],
  ['the token as a password', {authorization: basic('anyone:a-long-token')}, TOKEN, null],
  ['the token as a user', {authorization: basic('a-long-token:')}, TOKEN, 401],
  ['an odd scheme', {authorization: 'Digest a-long-token'}, TOKEN, 401],
  ['health without a token', {path: '/healthz'}, TOKEN, null],
  ['readiness without a token', {path: '/readyz'}, TOKEN, null],
  ['metrics without a token', {path: '/metrics'}, TOKEN, 401],
  ['the page without a token', {path: '/'}, TOKEN, 401],
  ['a path that begins like health', {path: '/healthz/../metrics'}, TOKEN, 401],
  ['an empty token that is configured', {authorization: 'Bearer '}, {...TOKEN, token: ''}, 401],
  ['POST with the token', {method: 'POST', authorization: 'Bearer a-long-token'}, TOKEN, 405],
];

describe('a request with', () => {
  it.each(CASES)('%s is answered as it should be', (_title, asked, options, status) => {
    expect(refusalOf({...ASKED, ...asked}, options)?.status ?? null).toBe(status);
  });
});

describe('a Host header', () => {
  it.each([
    ['a:1', 'a'],
    ['[fe80::1]:1', 'fe80::1'],
    ['a b', null],
    ['a:b', null],
    ['', null],
  ])('%j names %j', (host, name) => {
    expect(hostName(host)).toBe(name);
  });
});

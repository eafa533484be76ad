// Why this exists: bodies, paths and formats as pve-http-server takes them, beyond the recordings.
import {describe, expect, it} from 'vitest';
import type {Told} from './desk.ts';
import {ask, askRaw, makeDesk} from './desk.ts';

const json = {'content-type': 'application/json'};
const unknown =
  'property is not defined in schema and the schema does not allow additional properties';

function post(body: string, path = '/api2/json/access/groups'): Told {
  return askRaw(makeDesk(), 'root', {method: 'POST', path, body, headers: json});
}

describe('JSON bodies (PVE/APIServer/AnyEvent.pm extract_params, JSON::XS)', () => {
  const strange = 'malformed JSON string, neither tag, array, object, number, string or atom';
  const cases: readonly (readonly [body: string, complaint: string])[] = [
    ['nonsense', `'null' expected, at character offset 0 (before "nonsense")`],
    ['groupid=team', `${strange}, at character offset 0 (before "groupid=team")`],
    ["{'groupid':1}", `'"' expected, at character offset 1 (before "'groupid':1}")`],
    ['{"groupid":"a",}', `'"' expected, at character offset 15 (before "}")`],
    ['{"groupid" "a"}', `':' expected, at character offset 11 (before ""a"}")`],
    [
      '{"groupid":"a" "b":1}',
      ', or } expected while parsing object/hash, at character offset 15 (before ""b":1}")',
    ],
    [
      '{"groupid":"a',
      'unexpected end of string while parsing JSON string, ' +
        'at character offset 13 (before "(end of string)")',
    ],
    ['{"groupid":tru}', `'true' expected, at character offset 11 (before "tru}")`],
    [
      '{"a":01}',
      'malformed number (leading zero must not be followed by another digit), ' +
        'at character offset 6 (before "1}")',
    ],
    [
      '{"a":1} and much more than twenty',
      'garbage after JSON object, at character offset 8 (before "and much more than t...")',
    ],
    ['{"a":[1 2]}', ', or ] expected while parsing array, at character offset 8 (before "2]}")'],
  ];

  it.each(cases)('refuses %s with the place', (body, complaint) => {
    const text = `${complaint} at /usr/share/perl5/PVE/APIServer/AnyEvent.pm line 917.`;
    expect(post(body)).toMatchObject({status: 500, reason: text, text: `${text}\n`});
  });

  it('must be objects', () => {
    const place = 'at /usr/share/perl5/PVE/APIServer/AnyEvent.pm line 957.';
    expect(post('[]').reason).toBe(`Not a HASH reference ${place}`);
    expect(post('"abc"').reason).toBe(
      `Can't use string ("abc") as a HASH ref while "strict refs" in use ${place}`,
    );
    expect(post('null').errors).toEqual({groupid: 'property is missing and it is not optional'});
  });

  it('give booleans to nothing but booleans, and objects to nothing (PVE/JSONSchema.pm)', () => {
    expect(post('{"groupid":true,"comment":{"a":1}}').errors).toEqual({
      groupid: "type check ('string') failed - got JSON::PP::Boolean",
      comment: "type check ('string') failed - got HASH",
    });
    expect(post('{"groupid":["a","b"]}').errors).toEqual({
      groupid: "type check ('string') failed - got ARRAY",
    });
    expect(post('{"groupid":5,"comment":1.50,"_dc":1}').status).toBe(200);
    const desk = makeDesk();
    const ids = {userid: 'x@pve', enable: false, expire: 5, comment: 7};
    const made = askRaw(desk, 'root', {
      method: 'POST',
      path: '/api2/json/access/users',
      body: JSON.stringify(ids),
      headers: json,
    });
    expect(made.status).toBe(200);
    expect(ask(desk, 'root', 'GET /access/users/x@pve').data).toMatchObject({
      enable: 0,
      expire: 5,
      comment: '7',
    });
  });
});

describe('forms (decode_urlencoded)', () => {
  const get = (query: string): Told =>
    askRaw(makeDesk(), 'root', {method: 'GET', path: `/api2/json/pools?${query}`});

  it('hold a nameless parameter where an ampersand is too many, but not at the end', () => {
    for (const query of ['&type=qemu', 'type=qemu&&poolid=x', '=x', '&=x']) {
      expect(get(query).errors).toMatchObject({_root: unknown});
    }
    expect(get('_dc=5&').status).toBe(200);
    expect(get('&').status).toBe(200);
  });

  it('make no list of an empty text (PVE/RESTHandler.pm, normalize_legacy_param_formats)', () => {
    for (const value of ['', '0']) {
      const told = ask(makeDesk(), 'root', 'GET /nodes/pve1/qemu/100/agent/exec-status', {});
      expect(told.status).toBe(400);
      const run = ask(makeDesk(), 'root', 'POST /nodes/pve1/qemu/100/agent/exec', {command: value});
      expect(run.errors).toEqual({command: "type check ('array') failed"});
    }
  });
});

describe('paths (PVE/HTTPServer.pm, PVE/RESTHandler.pm)', () => {
  const at = (path: string, who = 'root', method = 'GET'): Told =>
    askRaw(makeDesk(), who, {method, path});

  it('are quoted as they were written', () => {
    expect(at('/api2/json//version//nowhere/').reason).toBe(
      "Method 'GET //version//nowhere/' not implemented",
    );
    expect(at('/api2/json/nodes/pve1%2Fnowhere').reason).toBe(
      "Method 'GET /nodes/pve1/nowhere' not implemented",
    );
  });

  it('hold no blanks in a variable', () => {
    expect(at('/api2/json/nodes/pve%201/status').reason).toBe(
      "Method 'GET /nodes/pve 1/status' not implemented",
    );
  });

  it('are open to nobody but in the one spelling', () => {
    expect(at('/api2/json/access/domains', '').status).toBe(200);
    expect(at('/api2/json/access/domains/', '')).toMatchObject({status: 401, reason: 'No ticket'});
    expect(at('/api2/json//access/domains', '')).toMatchObject({status: 401, reason: 'No ticket'});
    expect(at('/api2/json/access/ticket', '')).toMatchObject({status: 200, data: null});
  });

  it('are looked at after the method', () => {
    for (const path of ['/', '/api2', '/api2/xml/version', '/nothing']) {
      expect(at(path, '', 'OPTIONS').reason).toBe("method 'OPTIONS' not available");
    }
  });
});

describe('formats (PVE/APIServer/Formatter)', () => {
  it('html is a page, and sends who is unknown to its own form', () => {
    const page = askRaw(makeDesk(), 'root', {method: 'GET', path: '/api2/html/version'});
    expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html;charset=UTF-8']);
    const nobody = askRaw(makeDesk(), '', {method: 'GET', path: '/api2/html/version'});
    expect(nobody).toMatchObject({status: 301, reason: 'Moved', text: ''});
    expect(nobody.headers.location).toBe('/api2/html/access/ticket');
  });

  it('png and spiceconfig say by their status what is wrong', () => {
    const told = askRaw(makeDesk(), 'root', {method: 'GET', path: '/api2/png/pools?poolid=none'});
    expect(told).toMatchObject({status: 500, reason: "pool 'none' does not exist", text: ''});
    const viewer = askRaw(makeDesk(), 'root', {method: 'GET', path: '/api2/spiceconfig/version'});
    expect(viewer.text).toMatch(/^\[virt-viewer\]\n(?:.+=.+\n)+$/);
  });
});

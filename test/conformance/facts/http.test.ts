// Why this exists: the HTTP layer's facts beyond the recordings, each with the file it was read in.
import {describe, expect, it} from 'vitest';
import {ask, askRaw, makeDesk} from './desk.ts';

describe('PVE::APIServer::AnyEvent', () => {
  it('asks who calls before it looks at the content, the format or the path', () => {
    const huge = 'x'.repeat(600_000);
    for (const request of [
      {method: 'POST', path: '/api2/json/pools', body: huge},
      {method: 'GET', path: '/api2/xml/version'},
      {method: 'GET', path: '/api2/json/nowhere'},
    ]) {
      expect(askRaw(makeDesk(), '', request)).toMatchObject({status: 401, reason: 'No ticket'});
    }
    const cut = askRaw(makeDesk(), 'root', {method: 'POST', path: '/api2/json/pools', body: huge});
    expect(cut).toMatchObject({status: 501, reason: 'for data too large'});
  });

  it('says what it does not serve', () => {
    const desk = makeDesk();
    const reasons = ['/api2/xml/version', '/api2', '/nothing'].map((path) => {
      const {status, reason} = askRaw(desk, 'root', {method: 'GET', path});
      return [status, reason];
    });
    expect(reasons).toEqual([
      [501, 'no formatter for uri /version, xml'],
      [501, 'no such uri'],
      [500, "no such file '/nothing'"],
    ]);
  });

  it('takes a name without an equals sign for none, and one with it for the empty text', () => {
    const desk = makeDesk();
    expect(ask(desk, 'root', 'GET /nodes/pve1/tasks?limit&start').status).toBe(200);
    expect(ask(desk, 'root', 'GET /nodes/pve1/tasks?limit=').errors).toEqual({
      limit: "type check ('integer') failed - got ''",
    });
    expect(ask(desk, 'root', 'GET /version?foo').errors).toEqual({
      foo: 'property is not defined in schema and the schema does not allow additional properties',
    });
  });

  it('separates parameters by semicolons, too, and ends a value at the next equals sign', () => {
    const desk = makeDesk();
    const body = 'poolid=web;comment=a=b';
    askRaw(desk, 'root', {method: 'POST', path: '/api2/json/pools', body});
    expect(ask(desk, 'root', 'GET /pools').data).toEqual([{poolid: 'web', comment: 'a'}]);
  });

  it('wants an equals sign between a token and its secret', () => {
    const desk = makeDesk();
    const login = ask(desk, '', 'POST /access/ticket', {username: 'root@pam', password: 'wrong'});
    expect(login.status).toBe(401);
    const wrong = {authorization: 'PVEAPIToken=admin@pve!tk s'};
    const right = {authorization: 'PVEAPIToken admin@pve!tk=s'};
    const path = '/api2/json/version';
    expect(askRaw(desk, '', {method: 'GET', path, headers: wrong}).reason).toBe(
      'Authentication failed!',
    );
    expect(askRaw(desk, '', {method: 'GET', path, headers: right}).status).toBe(200);
  });
});

describe('PVE::HTTPServer', () => {
  it('refuses an upload without its right first, late and with an empty body', () => {
    const desk = makeDesk();
    const before = desk.nowMs;
    const path = '/nodes/pve1/storage/local/upload';
    const told = ask(desk, 'ops@pve!tk', `POST ${path}`, {content: 'iso'});
    expect(told).toMatchObject({
      status: 403,
      reason: 'Permission check failed (/storage/local, Datastore.AllocateTemplate)',
      text: '',
    });
    expect(desk.nowMs - before).toBe(3_000);
  });

  it('refuses a parameter that contradicts the path', () => {
    const told = ask(makeDesk(), 'root', 'GET /nodes/pve1/status', {node: 'pve2'});
    expect(told.errors).toEqual({
      node: 'duplicate parameter (already defined in URI) with conflicting values!',
    });
  });

  it('keeps tokens from logging in, even though nobody need be anybody for it', () => {
    const told = ask(makeDesk(), 'admin@pve!tk', 'POST /access/ticket', {
      username: 'root@pam',
      password: 'x',
    });
    const uri = "(URI '/access/ticket' not available with API token, need proper ticket.";
    expect(told.reason).toBe(`Permission check failed ${uri}`);
  });
});

describe('PVE::APIServer::Formatter::Standard', () => {
  it('adds success to extjs, and status and message only to errors', () => {
    const desk = makeDesk();
    const good = askRaw(desk, 'root', {method: 'GET', path: '/api2/extjs/access/groups'});
    const bad = askRaw(desk, 'root', {method: 'GET', path: '/api2/extjs/pools?poolid=none'});
    expect(JSON.parse(good.text)).toEqual({success: 1, data: []});
    expect([bad.status, JSON.parse(bad.text)]).toEqual([
      200,
      {success: 0, status: 500, message: "pool 'none' does not exist\n", data: null},
    ]);
  });

  it('escapes htmljs', () => {
    const {text, headers} = askRaw(makeDesk(), 'root', {
      method: 'GET',
      path: '/api2/htmljs/access/groups',
    });
    expect([text, headers['content-type']]).toEqual([
      '{&quot;success&quot;:1,&quot;data&quot;:[]}',
      'text/html;charset=UTF-8',
    ]);
  });
});

describe('PVE::JSONSchema', () => {
  const errors = (call: string, params: Record<string, string>) =>
    ask(makeDesk(), 'root', call, params).errors;

  it('tells one thing about a value: its length or its range', () => {
    expect(errors('POST /access/domains', {realm: 'x'.repeat(40), type: 'pve'})).toEqual({
      realm: 'value may only be 32 characters long',
    });
    expect(errors('GET /nodes/pve1/tasks', {limit: '-1'})).toEqual({
      limit: 'value must have a minimum value of 0',
    });
  });

  it('joins repeated list parameters, and refuses any other that is repeated', () => {
    const desk = makeDesk();
    const both = askRaw(desk, 'root', {
      method: 'GET',
      path: '/api2/json/nodes/pve1/tasks?statusfilter=ok&statusfilter=error',
    });
    const twice = askRaw(desk, 'root', {
      method: 'GET',
      path: '/api2/json/nodes/pve1/tasks?typefilter=a&typefilter=b',
    });
    expect([both.status, twice.errors]).toEqual([
      200,
      {typefilter: "type check ('string') failed - got ARRAY"},
    ]);
  });

  it('numbers the items of an array', () => {
    const told = askRaw(makeDesk(), 'root', {
      method: 'POST',
      path: '/api2/json/cluster/backup',
      body: 'schedule=daily&all=1&storage=local&exclude-path=a&nonsense=1',
    });
    expect(told.status).toBe(400);
  });
});

// Why this exists: validate, render and config show are what people run before anything else; what
// they print and how they end is their interface.
import {afterEach, describe, expect, it} from 'vitest';
import {type Desk, openDesk} from '../../../test/builders/terminal.ts';
import {MINIMAL} from '../../../test/fixtures/config.ts';

const DEFAULTS = `apiVersion: pvegit/v1
kind: Defaults
metadata: {name: home}
spec:
  VirtualMachine:
    node: pve1
    config: {ostype: l26}
`;
const WEB = `apiVersion: pvegit/v1
kind: VirtualMachine
metadata: {name: web}
spec:
  vmid: 150
  memory: 2GiB
`;

let desk: Desk;
afterEach(() => desk.end());

describe('validate', () => {
  it('ends with 0 and a summary when nothing is wrong', async () => {
    desk = openDesk({'home/defaults.yaml': DEFAULTS, 'home/web.yaml': WEB});
    const {code, out} = await desk.run(['validate', 'home']);
    expect(code).toBe(0);
    expect(out).toBe('no mistakes in home: 2 valid documents, 1 resource.');
  });

  it('prints every mistake with its line, and ends with 1', async () => {
    desk = openDesk({
      'web.yaml': WEB.replace('memory', 'memroy'),
      'db.yaml': WEB.replace('web', 'db'),
      'pvegit.yaml': MINIMAL,
    });
    const {code, out} = await desk.run(['validate']);
    expect(code).toBe(1);
    expect(out).toContain('web.yaml:6:3:');
    expect(out).toContain('Did you mean memory?');
    expect(out).toMatch(/1 error, 1 note in \.: 1 valid document, 0 resources\.$/);
  });

  it('gives the same as one JSON document', async () => {
    desk = openDesk({'web.yaml': WEB.replace('memory', 'memroy')});
    const {code, out} = await desk.run(['validate', '--json']);
    expect(code).toBe(1);
    const found = JSON.parse(out);
    expect(found).toMatchObject({valid: false, resources: []});
    expect(found.diagnostics[0]).toMatchObject({severity: 'error', range: {file: 'web.yaml'}});
  });

  it('says that a folder is not there', async () => {
    desk = openDesk();
    const {code, err} = await desk.run(['validate', 'nowhere']);
    expect(code).toBe(1);
    expect(err).toContain('the folder is not there');
  });
});

describe('render', () => {
  it('shows where each field came from', async () => {
    desk = openDesk({'defaults.yaml': DEFAULTS, 'web.yaml': WEB});
    const {code, out} = await desk.run(['render']);
    expect(code).toBe(0);
    expect(out).toMatch(/^guest\/150 web {2}VirtualMachine {2}web\.yaml:1$/m);
    expect(out).toMatch(/memory +2147483648 +web\.yaml:6$/m);
    expect(out).toMatch(/config\.ostype +l26 +defaults\.yaml:7$/m);
  });

  it('shows only what was asked for, and says so when there is no such thing', async () => {
    desk = openDesk({'web.yaml': WEB, 'db.yaml': WEB.replace('150', '151').replace('web', 'db')});
    const one = await desk.run(['render', '--only', 'qemu/151', '--json']);
    expect(JSON.parse(one.out).map(({key}: {key: string}) => key)).toEqual(['guest/151']);
    const none = await desk.run(['render', '--only', 'web', 'nobody']);
    expect(none).toMatchObject({code: 1, out: ''});
    expect(none.err).toContain('no resource here is called "nobody"');
  });

  it('leaves out what is wrong, and says what', async () => {
    desk = openDesk({'web.yaml': `${WEB}  memroy: 1GiB\n`});
    const {code, out, err} = await desk.run(['render']);
    expect({code, out}).toEqual({code: 1, out: ''});
    expect(err).toContain('1 error: what is wrong is left out below.');
  });
});

describe('config show', () => {
  it('says for each value who set it', async () => {
    desk = openDesk({'pvegit.yaml': MINIMAL});
    desk.env['PVEGIT_LISTEN'] = '127.0.0.1:9999';
    const {code, out} = await desk.run(['config', 'show']);
    expect(code).toBe(0);
    expect(out).toMatch(/^\/installation +home +pvegit\.yaml:1$/m);
    expect(out).toMatch(/^\/listen +127\.0\.0\.1:9999 +PVEGIT_LISTEN$/m);
    expect(out).toMatch(/^\/policy\/benign +automatic +default$/m);
  });

  it('says what is wrong with a configuration', async () => {
    desk = openDesk({'pvegit.yaml': 'installation: home\n'});
    const {code, err} = await desk.run(['config', 'show', '--json']);
    expect(code).toBe(1);
    expect(err).toContain('has mistakes');
  });

  it('names the ways to a configuration where there is none', async () => {
    desk = openDesk();
    const {code, err} = await desk.run(['--config', 'none.yaml', 'config', 'show']);
    expect(code).toBe(1);
    expect(err).toContain('pvegit init');
  });
});

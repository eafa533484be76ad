// Why this exists: what the daemons of 8.4 answer where a reading of their source misled: each case
// was put to Proxmox's own code of the recorded versions.
import {describe, expect, it} from 'vitest';
import {ask, askRaw, makeDesk} from './desk.ts';

type Case = readonly [call: string, params: Readonly<Record<string, string>>, answer: string];

/** Each call in turn as root on one cluster. */
function play(rows: readonly Case[], desk = makeDesk()): void {
  for (const [call, params, answer] of rows) {
    const {status, reason, errors} = ask(desk, 'root', call, params);
    const more = errors === null || errors === undefined ? '' : ` ${JSON.stringify(errors)}`;
    expect(`${status} ${reason}${more}`, `${call} ${JSON.stringify(params)}`).toBe(answer);
  }
}

const failed = '400 Parameter verification failed.';

describe('requests', () => {
  it('may bring anything to methods that name no property', () => {
    const desk = makeDesk();
    play([['GET /cluster/firewall/options', {nope: '1'}, '200 OK']], desk);
    const text = 'property is not defined in schema and the schema does not allow additional';
    play([['GET /access/acl', {nope: '1'}, `${failed} {"nope":"${text} properties"}`]], desk);
  });

  it('lose the fragment, and the host that two slashes announce', () => {
    const get = (path: string) => askRaw(makeDesk(), 'root', {method: 'GET', path, body: ''});
    expect(get('/api2/json/version#x').status).toBe(200);
    expect(get('//nodes/x').reason).toBe("no such file '/x'");
  });

  it('with a name and no value hand on an empty one, and reads do not mind', () => {
    const desk = makeDesk({guests: {100: {config: {memory: '64'}}}});
    const path = '/api2/json/nodes/pve1/qemu/100/config';
    const put = askRaw(desk, 'root', {method: 'PUT', path, body: 'cores'});
    expect(put.errors).toEqual({cores: "type check ('integer') failed - got ''"});
    expect(askRaw(desk, 'root', {method: 'GET', path: `${path}?current`, body: ''}).status).toBe(
      200,
    );
  });

  it('to upload a file name their parts in order', () => {
    const upload = (...parts: readonly string[]) => {
      const body = [...parts.map((part) => `--B\nContent-Disposition: form-data; ${part}\n`), ''];
      return askRaw(makeDesk(), 'root', {
        method: 'POST',
        path: '/api2/json/nodes/pve1/storage/local/upload',
        body: `${body.join('')}--B--\n`,
        headers: {'content-type': 'multipart/form-data; boundary=B'},
      });
    };
    const content = 'name="content"\n\niso';
    const file = 'name="filename"; filename="a.iso"\n\nx';
    expect(upload(content, file).status).toBe(200);
    expect(upload(file, content)).toMatchObject({status: 400, errors: {}});
    expect(upload(content, 'name="nope"\n\n1', file)).toMatchObject({reason: 'Bad Request'});
    expect(upload(content).reason).toMatch(/^upload failed at \S+ line 1317\.$/);
  });
});

describe('storages', () => {
  it('of files for nothing are refused, or inactive once their list of contents is empty', () => {
    const desk = makeDesk();
    const dir = {type: 'dir', storage: 'files', path: '/srv/files'};
    const refusal = "500 create storage failed: unknown vtype 'none'";
    play([['POST /storage', {...dir, content: 'none'}, refusal]], desk);
    play([['POST /storage', {...dir, content: ''}, '200 OK']], desk);
    const path = 'GET /nodes/pve1/storage/files';
    expect(ask(desk, 'root', `${path}/status`).data).toMatchObject({active: 0, total: 0});
    play([[`${path}/content`, {}, "500 unknown vtype 'none'"]], desk);
  });

  it('that are not disabled do not say so, and an override names a content', () => {
    const desk = makeDesk();
    play([['PUT /storage/local', {disable: '0'}, '200 OK']], desk);
    expect(ask(desk, 'root', 'GET /storage/local').data).not.toHaveProperty('disable');
    const errors = `{"content-dirs":"invalid format - invalid content type 'x'\\n"}`;
    play([['PUT /storage/local', {'content-dirs': 'x=a'}, `${failed} ${errors}`]], desk);
  });
});

describe('the firewall', () => {
  const lost = "Can't use an undefined value as an ARRAY reference at /usr/share/perl5/PVE";
  it('has no list of rules before anything is written', () => {
    play([
      ['GET /cluster/firewall/rules/0', {}, '500 no rule at position 0'],
      ['PUT /cluster/firewall/rules/0', {}, `500 ${lost}/API2/Firewall/Rules.pm line 357.`],
      ['DELETE /cluster/firewall/rules/0', {}, `500 ${lost}/API2/Firewall/Rules.pm line 446.`],
      ['PUT /cluster/firewall/options', {policy_in: 'DROP'}, '200 OK'],
      ['DELETE /cluster/firewall/rules/0', {}, '500 no rule at position 0'],
    ]);
  });

  it.each([
    ['x', "invalid port 'x'"],
    ['70000', "invalid port '70000'"],
    ['90:80', "backwards range '90:80' not allowed, did you mean '80:90'?"],
    ['80,', 'extraneous commas in list'],
    ['echo-request,80', 'ICMP ports not allowed in port range'],
    ['1,2,3,4,5,6,7,8,9,10,11,12,13,14,15:16', 'too many entries in port list (> 15 numbers)'],
  ])('refuses the port %s', (dport, text) => {
    const rule = {type: 'in', action: 'ACCEPT', proto: 'tcp', dport};
    const errors = JSON.stringify({dport: `invalid format - ${text}\n`});
    play([['POST /cluster/firewall/rules', rule, `${failed} ${errors}`]]);
  });

  it.each([
    ['10.0.0.x!', 'Invalid chars in IP 10.0.0.x!'],
    ['.1.2.3', 'Invalid IP .1.2.3 - starts with a dot'],
    ['1..2.3', 'Empty quad in IP address 1..2.3'],
    ['fe80:::1', 'Invalid address fe80:::1 (More than one :: pattern)'],
  ])('refuses the address %s', (source, text) => {
    const rule = {type: 'in', action: 'ACCEPT', source};
    const errors = JSON.stringify({source: `invalid format - invalid IP address: ${text}\n`});
    play([['POST /cluster/firewall/rules', rule, `${failed} ${errors}`]]);
  });

  it('keeps networks with their mask in the path, and lists references by name', () => {
    const desk = makeDesk();
    play(
      [
        ['POST /cluster/firewall/aliases', {name: 'lan', cidr: '10.0.0.0/8'}, '200 OK'],
        ['POST /cluster/firewall/ipset', {name: 'web'}, '200 OK'],
        ['POST /cluster/firewall/ipset/web', {cidr: '10.0.0.0/24'}, '200 OK'],
        ['POST /cluster/firewall/ipset/web', {cidr: 'guest/lan'}, "500 no such alias 'lan'"],
        ['GET /cluster/firewall/ipset/web/10.0.0.0%2F24', {}, '200 OK'],
        ['GET /cluster/firewall/ipset/web/10.0.0.0/24', {}, '200 OK'],
      ],
      desk,
    );
    const refs = ask(desk, 'root', 'GET /nodes/pve1/qemu/100/firewall/refs').data;
    expect(refs).toEqual([
      {type: 'ipset', name: 'web', ref: '+web', scope: 'dc'},
      {type: 'alias', name: 'lan', ref: 'lan', scope: 'dc'},
    ]);
  });

  it('deletes no option when one is unknown, and has no log before it ran', () => {
    const desk = makeDesk();
    const path = 'PUT /cluster/firewall/options';
    const errors = `{"delete":"no such option 'nope'"}`;
    play([[path, {policy_in: 'DROP'}, '200 OK']], desk);
    play([[path, {delete: 'policy_in,nope'}, `${failed} ${errors}`]], desk);
    const options = ask(desk, 'root', 'GET /cluster/firewall/options').data;
    expect(options).toMatchObject({policy_in: 'DROP'});
    const log = ask(desk, 'root', 'GET /nodes/pve1/firewall/log').data;
    expect(log).toEqual({n: 1, t: 'unable to open file - No such file or directory'});
  });
});

describe('settings', () => {
  it('of a realm stay whole, and of a backup job vanish when empty', () => {
    const desk = makeDesk();
    const realm = {realm: 'office', type: 'ldap', server1: 's', base_dn: 'dc=x', user_attr: 'uid'};
    const missing = "section 'office' - missing value for required option 'server1'";
    const refused = `500 update auth server failed: ${missing}`;
    play(
      [
        ['POST /access/domains', realm, '200 OK'],
        ['PUT /access/domains/office', {delete: 'server1'}, refused],
        ['POST /cluster/backup', {id: 'job', schedule: 'daily', all: '1', comment: 'x'}, '200 OK'],
        ['PUT /cluster/backup/job', {comment: ''}, '200 OK'],
      ],
      desk,
    );
    expect(ask(desk, 'root', 'GET /access/domains/office').data).toMatchObject({server1: 's'});
    expect(ask(desk, 'root', 'GET /cluster/backup/job').data).not.toHaveProperty('comment');
  });

  it('of the datacenter show truth values as numbers', () => {
    const desk = makeDesk();
    play([['PUT /cluster/options', {'tag-style': 'case-sensitive=1'}, '200 OK']], desk);
    const shown = ask(desk, 'root', 'GET /cluster/options').data;
    expect(shown).toMatchObject({'tag-style': {'case-sensitive': 1}});
  });

  it('an empty path asks for all permissions, an odd one grants nothing', () => {
    const desk = makeDesk();
    const held = (path: string) =>
      ask(desk, 'admin@pve!tk', 'GET /access/permissions', {path}).data;
    expect(held('')).toHaveProperty('/vms');
    expect(held('vms')).toEqual({vms: {}});
  });
});

describe('nodes', () => {
  it('draw pictures named after their database, and give no shell to a token', () => {
    const desk = makeDesk();
    const wish = {timeframe: 'hour', ds: 'cpu,maxcpu'};
    expect(ask(desk, 'root', 'GET /nodes/pve1/rrd', wish).data).toMatchObject({
      filename: '/var/lib/rrdcached/db/pve2-node/pve1_cpu_maxcpu.png',
    });
    expect(ask(desk, 'root', 'POST /nodes/pve1/spiceshell').data).toMatchObject({type: 'spice'});
    expect(ask(desk, 'admin@pve!tk', 'POST /nodes/pve1/spiceshell').reason).toBe(
      "value 'admin@pve!tk' does not look like a valid user name",
    );
  });

  it('alone have no target for a replication', () => {
    const alone = makeDesk({nodes: ['pve1'], guests: {100: {config: {memory: '64'}}}});
    const job = {id: '100-0', type: 'local', target: 'pve1'};
    play([['POST /cluster/replication', job, "500 Target 'pve1' does not exist."]], alone);
  });

  it('map only directories that are there', () => {
    const call = 'POST /cluster/mapping/dir';
    play([
      [call, {id: 'lost', map: 'node=pve1,path=/lost'}, '500 Path /lost does not exist'],
      [call, {id: 'home', map: 'node=pve1,path=/home'}, '200 OK'],
    ]);
  });
});

// Why this exists: users, groups, roles, tokens, realms and the access control list as
// pve-access-control has them, beyond what was recorded.
import {describe, expect, it} from 'vitest';
import {grant} from '../../../src/simulator/build.ts';
import {ask, makeDesk} from './desk.ts';

type Row = readonly [call: string, params: Record<string, string>, answer: string];

function play(who: string, rows: readonly Row[], desk = makeDesk()): void {
  for (const [call, params, answer] of rows) {
    const {status, reason} = ask(desk, who, call, params);
    expect(`${status} ${reason}`, `${call} ${JSON.stringify(params)}`).toBe(answer);
  }
}

const ok = '200 OK';

describe('realms (PVE/API2/Domains.pm)', () => {
  it('are made by type, changed and deleted', () => {
    const ldap = {realm: 'corp', type: 'ldap', server1: 'ldap.example.test', base_dn: 'dc=x'};
    const failed = '500 add auth server failed:';
    play('root', [
      ['POST /access/domains', ldap, `${failed} missing value for required option 'user_attr'`],
      ['POST /access/domains', {...ldap, user_attr: 'uid', default: '1'}, ok],
      [
        'POST /access/domains',
        {...ldap, user_attr: 'uid'},
        `${failed} domain 'corp' already exists`,
      ],
      [
        'POST /access/domains',
        {realm: 'x1', type: 'pve'},
        `${failed} unable to create builtin type 'pve'`,
      ],
      [
        'POST /access/domains',
        {realm: 'x1', type: 'openid', 'issuer-url': 'https://x', 'client-id': 'a', base_dn: 'b=c'},
        `${failed} unexpected property 'base_dn'`,
      ],
      ['PUT /access/domains/corp', {}, '500 update auth server failed: no options specified'],
      ['PUT /access/domains/corp', {comment: 'Corp'}, ok],
      [
        'PUT /access/domains/nope',
        {comment: 'x'},
        '500 update auth server failed: cannot lookup undefined type! at ' +
          '/usr/share/perl5/PVE/API2/Domains.pm line 261.',
      ],
      ['GET /access/domains/nope', {}, "500 domain 'nope' does not exist"],
      [
        'DELETE /access/domains/nope',
        {},
        "500 delete auth server failed: authentication domain 'nope' does not exist",
      ],
      [
        'POST /access/domains/pve/sync',
        {},
        "500 Cannot sync realm type 'pve'! Only LDAP/AD realms can be synced.",
      ],
      ['DELETE /access/domains/corp', {}, ok],
    ]);
  });

  it('are shown with numbers as numbers', () => {
    const desk = makeDesk();
    const ldap = {realm: 'corp', type: 'ldap', server1: 'a.b', base_dn: 'dc=x', user_attr: 'uid'};
    ask(desk, 'root', 'POST /access/domains', {...ldap, port: '636', secure: '1'});
    expect(ask(desk, 'root', 'GET /access/domains/corp').data).toMatchObject({
      type: 'ldap',
      port: 636,
      secure: 1,
      server1: 'a.b',
    });
    expect(ask(makeDesk(), 'root', 'GET /access/domains/pam').data).toMatchObject({
      type: 'pam',
      plugin: 'PVE::Auth::PAM',
      digest: 'da39a3ee5e6b4b0d3255bfef95601890afd80709',
    });
  });
});

describe('users (PVE/API2/User.pm)', () => {
  it('need a realm only for a password', () => {
    play('root', [
      ['POST /access/users', {userid: 'a@nowhere'}, ok],
      [
        'POST /access/users',
        {userid: 'b@nowhere', password: '12345678'},
        "500 create user failed: auth domain 'nowhere' does not exist",
      ],
    ]);
  });

  it('have an empty email only before a comment or keys', () => {
    const desk = makeDesk();
    ask(desk, 'root', 'POST /access/users', {userid: 'a@pve'});
    ask(desk, 'root', 'POST /access/users', {userid: 'b@pve', comment: 'x'});
    expect(ask(desk, 'root', 'GET /access/users/a@pve').data).not.toHaveProperty('email');
    expect(ask(desk, 'root', 'GET /access/users/b@pve').data).toMatchObject({email: ''});
  });

  it('are managed by who has the right on their groups', () => {
    const desk = makeDesk();
    ask(desk, 'root', 'POST /access/groups', {groupid: 'team'});
    ask(desk, 'root', 'POST /access/groups', {groupid: 'other'});
    ask(desk, 'root', 'POST /access/users', {userid: 'a@pve', groups: 'team'});
    ask(desk, 'root', 'POST /access/users', {userid: 'b@pve', groups: 'other'});
    grant(desk, {subject: 'ops@pve', role: 'PVEUserAdmin', path: '/access/groups/team'});
    grant(desk, {subject: 'ops@pve', role: 'PVEUserAdmin', path: '/access/realm/pve'});
    const denied = '403 Permission check failed';
    play(
      'ops@pve!tk',
      [
        ['GET /access/users/a@pve', {}, ok],
        ['GET /access/users/b@pve', {}, denied],
        ['GET /access/users/c@pve', {}, "500 no such user ('c@pve')"],
        ['PUT /access/users/a@pve', {comment: 'x'}, `${denied} (/access/groups, User.Modify)`],
        ['PUT /access/users/a@pve', {comment: 'x', groups: 'team'}, ok],
        ['POST /access/users', {userid: 'd@pve'}, `${denied} (/access/groups, User.Modify)`],
        [
          'POST /access/users',
          {userid: 'd@pve', groups: 'other'},
          `${denied} (/access/groups/other, User.Modify)`,
        ],
        ['POST /access/users', {userid: 'd@pve', groups: 'team'}, ok],
        ['DELETE /access/users/b@pve', {}, denied],
        ['DELETE /access/users/d@pve', {}, ok],
      ],
      desk,
    );
  });

  it("manage their own tokens by ticket; a token is nobody's self", () => {
    const desk = makeDesk();
    const denied = '403 Permission check failed';
    play('ops@pve', [['POST /access/users/ops@pve/token/new', {}, ok]], desk);
    play('ops@pve!tk', [['POST /access/users/ops@pve/token/next', {}, denied]], desk);
  });

  it('change their password by their own', () => {
    const desk = makeDesk();
    ask(desk, 'root', 'PUT /access/password', {userid: 'ops@pve', password: 'first-one'});
    const told = ask(desk, 'ops@pve', 'PUT /access/password', {
      userid: 'ops@pve',
      password: 'second-one',
    });
    expect(told.errors).toEqual({'confirmation-password': 'password is required to modify user'});
    const change = {userid: 'ops@pve', password: 'second-one'};
    play(
      'ops@pve',
      [
        [
          'PUT /access/password',
          {...change, 'confirmation-password': 'wrong'},
          '500 invalid credentials',
        ],
        ['PUT /access/password', {...change, 'confirmation-password': 'first-one'}, ok],
      ],
      desk,
    );
    const rows: readonly Row[] = [
      ['POST /access/ticket', {username: 'ops@pve', password: 'second-one'}, ok],
      ['POST /access/ticket', {username: 'ops', realm: 'pve', password: 'second-one'}, ok],
      [
        'POST /access/ticket',
        {username: 'ops@pve', realm: 'pve', password: 'second-one'},
        '401 authentication failure',
      ],
    ];
    play('', rows, desk);
  });
});

describe('the access control list (PVE/API2/ACL.pm)', () => {
  it('takes paths of its own kinds, and any for deleting', () => {
    const entry = {users: 'ops@pve', roles: 'PVEAuditor'};
    play('root', [
      ['PUT /access/acl', {...entry, path: '/mapping/pci/gpu'}, ok],
      ['PUT /access/acl', {...entry, path: 'vms//100/'}, ok],
      ['PUT /access/acl', {...entry, path: '/pool/a/b/c'}, ok],
      ['PUT /access/acl', {...entry, path: '/pool/a/b/c/d'}, '400 Parameter verification failed.'],
      ['PUT /access/acl', {...entry, path: '/vms/99'}, '400 Parameter verification failed.'],
      ['PUT /access/acl', {...entry, path: '/vms/99', delete: '1'}, ok],
      ['PUT /access/acl', {path: '/', roles: 'PVEAuditor'}, '400 Parameter verification failed.'],
    ]);
  });

  it("lets an object's owner hand out no more than it has, and propagated only what is", () => {
    const desk = makeDesk();
    grant(desk, {subject: 'ops@pve', role: 'PVEVMAdmin', path: '/vms/100'});
    const give = (roles: string) =>
      ask(desk, 'ops@pve!tk', 'PUT /access/acl', {path: '/vms/100', users: 'admin@pve', roles});
    expect(give('PVEVMUser').status).toBe(200);
    expect(give('PVEAuditor').message).toBe(
      [
        'ACL update failed: 400 Parameter verification failed.',
        "role: Cannot add role 'PVEAuditor' - " +
          "requires 'Permissions.Modify' or superset of privileges.",
        '',
      ].join('\n'),
    );
    expect(ask(desk, 'ops@pve!tk', 'GET /access/acl').data).toHaveLength(2);
  });

  it('never names root@pam', () => {
    const desk = makeDesk();
    ask(desk, 'root', 'PUT /access/acl', {path: '/', users: 'root@pam', roles: 'PVEAuditor'});
    expect(JSON.stringify(ask(desk, 'root', 'GET /access/acl').data)).not.toContain('root@pam');
  });

  it('gives a group what a user has not of its own, level by level', () => {
    const desk = makeDesk();
    ask(desk, 'root', 'POST /access/groups', {groupid: 'g1'});
    ask(desk, 'root', 'PUT /access/users/ops@pve', {groups: 'g1'});
    ask(desk, 'root', 'PUT /access/acl', {path: '/vms', groups: 'g1', roles: 'PVEVMUser'});
    ask(desk, 'root', 'PUT /access/acl', {
      path: '/vms/100',
      users: 'ops@pve',
      roles: 'PVEAuditor',
      propagate: '0',
    });
    const {data} = ask(desk, 'ops@pve!tk', 'GET /access/permissions');
    expect(data).toMatchObject({'/vms': {'VM.Console': 1}, '/vms/100': {'VM.Audit': 0}});
    expect(JSON.stringify(data)).not.toContain('"/storage"');
  });

  it("is asked of one's own tokens, too", () => {
    const desk = makeDesk();
    expect(ask(desk, 'ops@pve', 'GET /access/permissions', {userid: 'ops@pve!tk'}).status).toBe(
      200,
    );
    expect(ask(desk, 'ops@pve', 'GET /access/permissions', {userid: 'admin@pve'}).status).toBe(403);
  });
});

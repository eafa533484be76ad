// Why this exists: the edges of pve-access-control: root, blanks, trees of paths, system users.
import {describe, expect, it} from 'vitest';
import {grant} from '../../../src/simulator/build.ts';
import {ask, makeDesk} from './desk.ts';

describe('user.cfg (PVE/AccessControl.pm, parse_user_config and write_user_config)', () => {
  it('always has root, whom nobody gets rid of', () => {
    const desk = makeDesk();
    expect(ask(desk, 'root', 'DELETE /access/users/root@pam').status).toBe(200);
    expect(ask(desk, 'root', 'GET /access/users/root@pam').data).toMatchObject({
      enable: 1,
      groups: [],
      tokens: null,
    });
  });

  it('keeps no blanks around texts and no text that Perl holds false', () => {
    const desk = makeDesk();
    const fields = {firstname: ' Ada ', lastname: '0', comment: '  '};
    ask(desk, 'root', 'POST /access/users', {userid: 'a@pve', ...fields});
    const shown = ask(desk, 'root', 'GET /access/users/a@pve').data;
    expect(shown).toMatchObject({firstname: 'Ada'});
    expect(shown).not.toHaveProperty('lastname');
    expect(shown).not.toHaveProperty('comment');
    ask(desk, 'root', 'POST /access/groups', {groupid: 'team', comment: ' of people '});
    expect(ask(desk, 'root', 'GET /access/groups/team').data).toEqual({
      members: [],
      comment: 'of people',
    });
  });
});

describe('the tree of paths (PVE/RPCEnvironment.pm, get_effective_permissions)', () => {
  it('shows every node above an entry, whoever it is for', () => {
    const desk = makeDesk();
    grant(desk, {subject: 'ops@pve', role: 'PVESDNUser', path: '/sdn/zones/localnetwork/vmbr0'});
    const {data} = ask(desk, 'admin@pve!tk', 'GET /access/permissions');
    expect(Object.keys(Object(data))).toEqual(
      expect.arrayContaining([
        '/sdn/zones',
        '/sdn/zones/localnetwork',
        '/sdn/zones/localnetwork/vmbr0',
      ]),
    );
    expect(ask(desk, 'ops@pve!tk', 'GET /access/permissions').data).toEqual({
      '/sdn/zones/localnetwork/vmbr0': {'SDN.Audit': 1, 'SDN.Use': 1},
    });
  });

  it('knows paths of its version only (check_path)', () => {
    const entry = {users: 'ops@pve', roles: 'PVEAuditor', path: '/sdn/fabrics'};
    const wish = {version: '9.1'} as const;
    expect(ask(makeDesk(), 'root', 'PUT /access/acl', entry).errors).toEqual({
      path: "invalid ACL path '/sdn/fabrics'",
    });
    expect(ask(makeDesk(wish), 'root', 'PUT /access/acl', entry).status).toBe(200);
  });
});

describe('passwords (PVE/Auth/PAM.pm, store_password)', () => {
  it('of the system are set for users of the system', () => {
    const desk = makeDesk();
    const made = ask(desk, 'root', 'POST /access/users', {userid: 'a@pam', password: '12345678'});
    expect(made.reason).toBe("create user failed: change password failed: user 'a' does not exist");
    ask(desk, 'root', 'POST /access/users', {userid: 'a@pam'});
    const set = ask(desk, 'root', 'PUT /access/password', {userid: 'a@pam', password: '12345678'});
    expect(set.reason).toBe("change password failed: user 'a' does not exist");
  });
});

describe('second factors and OpenID (PVE/API2/TFA.pm, OpenId.pm)', () => {
  it('want the caller to prove itself, and then both parts of a secret', () => {
    const desk = makeDesk();
    const add = (who: string, params: Record<string, string>) =>
      ask(desk, who, 'POST /access/tfa/ops@pve', {type: 'totp', ...params});
    expect(add('ops@pve', {}).errors).toEqual({password: 'password is required to modify user'});
    expect(add('ops@pve!tk', {}).status).toBe(403);
    expect(add('root', {}).reason).toBe("'description' is required for new entries");
    expect(add('root', {description: 'x'}).reason).toBe(
      "'totp' type requires both 'totp' and 'value' parameters",
    );
    // A failed try leaves its mark.
    expect(ask(desk, 'root', 'GET /access/users/ops@pve').data).toMatchObject({keys: 'x'});
    expect(ask(desk, 'root', 'DELETE /access/tfa/ops@pve/none').reason).toBe('no such entry');
  });

  it('need a realm of their own kind', () => {
    const desk = makeDesk();
    const told = (realm: string) =>
      ask(desk, '', 'POST /access/openid/auth-url', {realm, 'redirect-url': 'https://x'}).reason;
    expect(told('none')).toBe("authentication domain 'none' does not exist");
    expect(told('pve')).toBe('wrong realm type (pve != openid)');
  });
});

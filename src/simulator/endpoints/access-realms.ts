// Why this exists: authentication realms: pam and pve are always there, directories and OpenID
// are configuration only (PVE/API2/Domains.pm).
import {fail, paramError, prefixed} from '../failure.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, list, nothing, route} from '../route.ts';
import {findMethod, paramFacts} from '../schema/api.ts';
import type {Section} from '../section.ts';
import {requireDigest, sectionDigest, sectionsOf, shownSection} from '../section.ts';
import type {Uses} from '../section-plugins.ts';
import {checkedProperties, setProperties, usesOf} from '../section-plugins.ts';
import type {Cluster} from '../state.ts';
import {recordEffect} from '../state.ts';
import {fork} from '../task.ts';

/** Everything below `/access/domains`. */
export const realmRoutes: readonly Route[] = [
  route('GET', '/access/domains', listRealms),
  route('POST', '/access/domains', createRealm),
  route('GET', '/access/domains/{realm}', showRealm),
  route('PUT', '/access/domains/{realm}', updateRealm),
  route('DELETE', '/access/domains/{realm}', deleteRealm),
  route('POST', '/access/domains/{realm}/sync', syncRealm),
];

const file = 'domains';
const builtIn: Uses = usesOf('default comment tfa');
const directory =
  'server1! server2 bind_dn password port secure sslversion default comment tfa verify capath ' +
  'cert certkey filter sync_attributes user_classes group_dn group_name_attr group_filter ' +
  'group_classes sync-defaults-options mode case-sensitive';
const openId =
  'issuer-url! client-id! client-key autocreate groups-claim groups-autocreate ' +
  'groups-overwrite prompt scopes acr-values default comment query-userinfo audiences';

const usesByType: Readonly<Record<string, Uses>> = {
  pam: builtIn,
  pve: builtIn,
  ldap: usesOf(`${directory} base_dn! user_attr!`),
  ad: usesOf(`${directory} base_dn user_attr domain!`),
  openid: usesOf(openId, 'username-claim'),
};

const comments: Readonly<Record<string, string>> = {
  pam: 'Linux PAM standard authentication',
  pve: 'Proxmox VE authentication server',
};

/** A realm's own settings; pam and pve need none to exist. */
function settings(cluster: Cluster, realm: string): Section {
  return sectionsOf(cluster, file).get(realm) ?? new Map();
}

function typeOf(cluster: Cluster, realm: string): string | undefined {
  return cluster.access.realms.get(realm)?.type;
}

function listRealms({cluster}: Context): Reply {
  const realms = [...cluster.access.realms].map(([realm, {type, comment}]) => {
    const own = settings(cluster, realm);
    const tfa = /(?:^|,)type=(\w+)/.exec(own.get('tfa') ?? '')?.[1];
    const shown = own.get('comment') ?? comments[realm] ?? comment;
    return {
      realm,
      type,
      ...(shown === undefined ? {} : {comment: shown}),
      ...(own.get('default') === '1' ? {default: 1} : {}),
      ...(tfa === undefined ? {} : {tfa}),
    };
  });
  return data(realms);
}

function showRealm({cluster, path}: Context): Reply {
  const {realm = ''} = path;
  const type = typeOf(cluster, realm) ?? fail(500, `domain '${realm}' does not exist`);
  const method = findMethod(cluster.version, 'POST', '/access/domains')?.method;
  const facts = shownSection(settings(cluster, realm), (key) =>
    method === undefined ? undefined : paramFacts(method, key),
  );
  const comment = comments[realm] === undefined ? {} : {comment: comments[realm]};
  const plugin = realm === 'pam' ? {plugin: 'PVE::Auth::PAM'} : {};
  return data({...comment, ...facts, ...plugin, type, digest: sectionDigest(cluster, file)});
}

function createRealm({cluster, params}: Context): Reply {
  const {realm = '', type = '', password: _, 'check-connection': checked, ...rest} = params;
  prefixed('add auth server failed', () => {
    if (typeOf(cluster, realm) !== undefined) {
      fail(500, `domain '${realm}' already exists`);
    }
    if (type === 'pam' || type === 'pve') {
      fail(500, `unable to create builtin type '${type}'`);
    }
    refuseCheck(type, checked);
    const section: Section = new Map();
    setProperties(section, checkedProperties(usesByType[type] ?? {}, rest, true));
    keepOneDefault(cluster, section);
    sectionsOf(cluster, file).set(realm, section);
  });
  cluster.access.realms.set(realm, {type, comment: params.comment});
  recordEffect(cluster, 'access', undefined, `realm ${realm} created`);
  return nothing;
}

function refuseCheck(type: string | undefined, checked: string | undefined): void {
  if (checked !== undefined && type !== 'ldap' && type !== 'ad') {
    const what = "'check-connection' parameter can only be set for realms of type";
    fail(500, `${what} 'ldap' or 'ad'`);
  }
}

/** A realm that lacks what its type needs cannot be written. */
function requireWhole(type: string, realm: string, section: Section): void {
  const uses = usesByType[type] ?? {};
  const missing = Object.keys(uses).find((key) => {
    return (uses[key] === 'required' || uses[key] === 'fixed') && !section.has(key);
  });
  if (missing !== undefined) {
    fail(500, `section '${realm}' - missing value for required option '${missing}'`);
  }
}

function keepOneDefault(cluster: Cluster, section: Section): void {
  if (section.get('default') === '1') {
    for (const other of sectionsOf(cluster, file).values()) {
      other.delete('default');
    }
  }
}

function updateRealm(context: Context): Reply {
  const {cluster, params, path} = context;
  const {realm = ''} = path;
  const {password, digest, delete: deleted = '', 'check-connection': checked, ...rest} = params;
  prefixed('update auth server failed', () => {
    requireDigest(cluster, file, digest);
    // Asking for its type makes a realm that is not there be one without a type.
    const type = typeOf(cluster, realm);
    refuseCheck(type, checked);
    if (deleted === '' && Object.keys(rest).length === 0 && password === undefined) {
      fail(500, 'no options specified');
    }
    if (type === undefined) {
      const place = '/usr/share/perl5/PVE/API2/Domains.pm line 261.';
      fail(500, `cannot lookup undefined type! at ${place}`);
    }
    const values = checkedProperties(usesByType[type] ?? {}, rest, false);
    const section: Section = new Map(settings(cluster, realm));
    for (const key of list(context, 'delete')) {
      section.delete(key);
    }
    setProperties(section, values);
    requireWhole(type, realm, section);
    keepOneDefault(cluster, values);
    sectionsOf(cluster, file).set(realm, section);
  });
  recordEffect(cluster, 'access', undefined, `realm ${realm} updated`);
  return nothing;
}

/** Deleting pam or pve only resets them. */
function deleteRealm({cluster, path}: Context): Reply {
  const {realm = ''} = path;
  prefixed('delete auth server failed', () => {
    if (typeOf(cluster, realm) === undefined) {
      fail(500, `authentication domain '${realm}' does not exist`);
    }
  });
  sectionsOf(cluster, file).delete(realm);
  if (comments[realm] === undefined) {
    cluster.access.realms.delete(realm);
  }
  recordEffect(cluster, 'access', undefined, `realm ${realm} deleted`);
  return nothing;
}

/** No directory can be reached from the simulated nodes. */
function syncRealm(context: Context): Reply {
  const {cluster, path, params, node, auth} = context;
  const {realm = ''} = path;
  const type = typeOf(cluster, realm) ?? paramError({realm: 'Realm does not exist.'});
  if (type !== 'ldap' && type !== 'ad') {
    fail(500, `Cannot sync realm type '${type}'! Only LDAP/AD realms can be synced.`);
  }
  const scope =
    params.scope ??
    /scope=(\w+)/.exec(settings(cluster, realm).get('sync-defaults-options') ?? '')?.[1];
  if (scope === undefined) {
    paramError({scope: 'Not passed as parameter and not defined in realm default sync options.'});
  }
  const isDry = params['dry-run'] === '1';
  const server = settings(cluster, realm).get('server1') ?? '';
  return data(
    fork(cluster, {
      node,
      type: isDry ? 'auth-realm-sync-test' : 'auth-realm-sync',
      id: realm,
      auth,
      stages: [
        {
          kind: 'do',
          run: (worker) => {
            worker.log(`${isDry ? '(dry test run) ' : ''}starting sync for realm ${realm}`);
            fail(
              500,
              `cannot connect to '${server}': IO::Socket::INET: connect: Connection refused`,
            );
          },
        },
      ],
    }),
  );
}

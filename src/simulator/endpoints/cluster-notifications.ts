// Why this exists: where notifications would go: endpoints and matchers are configuration, two of
// them built in; nothing is sent (PVE/API2/Cluster/Notifications.pm).
import {fail} from '../failure.ts';
import {may} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, list, nothing, route} from '../route.ts';
import {findMethod, paramFacts} from '../schema/api.ts';
import type {Section} from '../section.ts';
import {sectionDigest, sectionsOf, shownSection} from '../section.ts';
import {recordEffect} from '../state.ts';
import {memberNodes} from './resources.ts';

const base = '/cluster/notifications';
const types = ['gotify', 'sendmail', 'smtp', 'webhook'] as const;
const file = 'notifications';

/** `/cluster/notifications` and below. */
export const notificationRoutes: readonly Route[] = [
  route('GET', base, () =>
    data(
      ['endpoints', 'matchers', 'targets', 'matcher-fields', 'matcher-field-values'].map(
        (name) => ({name}),
      ),
    ),
  ),
  route('GET', `${base}/endpoints`, () => data(types.map((name) => ({name})))),
  route('GET', `${base}/targets`, listTargets),
  route('POST', `${base}/targets/{name}/test`, testTarget),
  route('GET', `${base}/matcher-fields`, () =>
    data(['type', 'hostname', 'job-id'].map((name) => ({name}))),
  ),
  route('GET', `${base}/matcher-field-values`, listValues),
  ...types.flatMap((type) => crud(`${base}/endpoints/${type}`, type)),
  ...crud(`${base}/matchers`, 'matcher'),
];

function crud(path: string, type: string): readonly Route[] {
  return [
    route('GET', path, (context) => data(all(context, type).map(([name]) => facts(context, name)))),
    route('POST', path, (context) => create(context, type)),
    route('GET', `${path}/{name}`, (context) => show(context, type)),
    route('PUT', `${path}/{name}`, (context) => update(context, type)),
    route('DELETE', `${path}/{name}`, (context) => remove(context, type)),
  ];
}

const builtIn: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'mail-to-root': {
    type: 'sendmail',
    'mailto-user': '["root@pam"]',
    comment: "Send mails to root@pam's email address",
  },
  'default-matcher': {
    type: 'matcher',
    mode: 'all',
    target: '["mail-to-root"]',
    comment: 'Route all notifications to mail-to-root',
  },
};

/** All sections, the built-in ones included unless they were changed. */
function sections({cluster}: Context): Map<string, Section> {
  const known = sectionsOf(cluster, file);
  for (const [name, values] of Object.entries(builtIn)) {
    if (!known.has(name)) {
      known.set(name, new Map(Object.entries({...values, origin: 'builtin'})));
    }
  }
  return known;
}

function all(context: Context, type: string): readonly (readonly [string, Section])[] {
  return [...sections(context)].filter(([, section]) => section.get('type') === type);
}

function pathOf(type: string): string {
  return type === 'matcher' ? `${base}/matchers` : `${base}/endpoints/${type}`;
}

function facts(context: Context, name: string): Record<string, unknown> {
  const section = sections(context).get(name) ?? new Map<string, string>();
  const {type = '', ...rest} = Object.fromEntries(section);
  const method = findMethod(context.cluster.version, 'POST', pathOf(type))?.method;
  const factsOf = (key: string) => (method === undefined ? undefined : paramFacts(method, key));
  const shown = shownSection(new Map(Object.entries(rest)), factsOf);
  const entries = Object.entries(shown).map(([key, value]): [string, unknown] => {
    const isList = factsOf(key)?.type === 'array' && typeof value === 'string';
    return [key, isList ? JSON.parse(value) : value];
  });
  return {...Object.fromEntries(entries), origin: section.get('origin') ?? 'user-created', name};
}

function listTargets(context: Context): Reply {
  const targets = [...sections(context)].filter(([, one]) => one.get('type') !== 'matcher');
  return data(
    targets.map(([name, section]) => {
      const comment = section.get('comment');
      return {
        name,
        type: section.get('type'),
        origin: section.get('origin') ?? 'user-created',
        ...(comment === undefined ? {} : {comment}),
        ...(section.get('disable') === '1' ? {disable: 1} : {}),
      };
    }),
  );
}

function requireSection(context: Context, type: string): Section {
  const {name = ''} = context.path;
  const section = sections(context).get(name);
  if (section === undefined || section.get('type') !== type) {
    fail(404, `${type === 'matcher' ? 'matcher' : 'endpoint'} '${name}' not found`);
  }
  return section;
}

function show(context: Context, type: string): Reply {
  requireSection(context, type);
  const digest = sectionDigest(context.cluster, file);
  return data({...facts(context, context.path.name ?? ''), digest});
}

function write(context: Context, section: Section): void {
  const {params, arrays} = context;
  const {name: _, digest: __, delete: ___, token: ____, password: _____, ...rest} = params;
  for (const [key, value] of Object.entries(rest)) {
    section.set(key, value);
  }
  for (const [key, items] of Object.entries(arrays)) {
    if (key !== 'delete') {
      section.set(key, JSON.stringify(items));
    }
  }
}

function create(context: Context, type: string): Reply {
  const {cluster, params} = context;
  const {name = ''} = params;
  if (sections(context).has(name)) {
    fail(400, `Cannot create '${name}', an entity with the same name already exists`);
  }
  requireTargets(context);
  const section: Section = new Map([['type', type]]);
  write(context, section);
  refuseNobody(type, section);
  sections(context).set(name, section);
  recordEffect(cluster, 'notifications', undefined, `${type} ${name} created`);
  return nothing;
}

/** What a matcher sends to is there. */
function requireTargets(context: Context): void {
  for (const target of context.arrays.target ?? []) {
    requireTarget(context, target);
  }
}

function requireTarget(context: Context, name: string): Section {
  const section = sections(context).get(name);
  return section === undefined || section.get('type') === 'matcher'
    ? fail(404, `endpoint '${name}' does not exist`)
    : section;
}

function refuseNobody(type: string, section: Section): void {
  const needs = type === 'sendmail' || type === 'smtp';
  if (needs && !section.has('mailto') && !section.has('mailto-user')) {
    fail(400, 'must at least provide one recipient, either in mailto or in mailto-user');
  }
}

function update(context: Context, type: string): Reply {
  const {cluster, params, arrays} = context;
  if ((params.digest ?? '') !== '' && params.digest !== sectionDigest(cluster, file)) {
    fail(400, 'detected modified configuration - file changed by other user? Try again.');
  }
  requireSection(context, type);
  requireTargets(context);
  const {name = ''} = context.path;
  const section: Section = new Map(sections(context).get(name));
  for (const key of arrays.delete ?? list(context, 'delete')) {
    section.delete(key);
  }
  write(context, section);
  refuseNobody(type, section);
  sections(context).set(name, section);
  if (section.get('origin') === 'builtin') {
    section.set('origin', 'modified-builtin');
  }
  recordEffect(cluster, 'notifications', undefined, `${type} ${context.path.name} updated`);
  return nothing;
}

/** A built-in one comes back as it was; one in use stays. */
function remove(context: Context, type: string): Reply {
  const {name = ''} = context.path;
  requireSection(context, type);
  const user = all(context, 'matcher').find(([, one]) => {
    return (one.get('target') ?? '').includes(JSON.stringify(name));
  });
  if (user !== undefined && type !== 'matcher' && builtIn[name] === undefined) {
    fail(400, `cannot delete '${name}', referenced by: ${user[0]}`);
  }
  sections(context).delete(name);
  recordEffect(context.cluster, 'notifications', undefined, `${type} ${name} deleted`);
  return nothing;
}

function testTarget(context: Context): Reply {
  const {name = ''} = context.path;
  const section = requireTarget(context, name);
  if (section.get('type') !== 'sendmail') {
    const what = `could not notify via endpoint(s): ${name}: Connection refused (os error 111)`;
    fail(500, `Could not test target: ${what}`);
  }
  return nothing;
}

function listValues(context: Context): Reply {
  const {cluster} = context;
  const kinds = ['package-updates', 'fencing', 'replication', 'vzdump', 'system-mail'];
  const jobs = [
    ...(may(context, '/', ['Sys.Audit']) ? sectionsOf(cluster, 'backup-jobs') : []),
    ...sectionsOf(cluster, 'replication'),
  ];
  return data([
    ...kinds.map((value) => ({value, field: 'type'})),
    ...jobs.map(([value, job]) => {
      return {value, comment: job.get('comment') ?? null, field: 'job-id'};
    }),
    ...memberNodes(cluster).map(({name}) => ({value: name, field: 'hostname'})),
  ]);
}

// Why this exists: vnets and their subnets: a right on the vnet's own path is needed, and the zone
// decides about tags (PVE/API2/Network/SDN/Vnets.pm, Subnets.pm).
import {fail, paramError, prefixed} from '../failure.ts';
import {may, require403} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, list, nothing, route} from '../route.ts';
import type {Section} from '../section.ts';
import {requireDigest} from '../section.ts';
import {checkedProperties, deleteProperties, setProperties, usesOf} from '../section-plugins.ts';
import type {Cluster} from '../state.ts';
import {recordEffect} from '../state.ts';
import {requireInSubnet} from './sdn-addresses.ts';
import type {SdnFile} from './sdn-file.ts';
import {edited, requireLock, requireObject, requireShown, shownObjects} from './sdn-file.ts';

/** The file of vnets. */
export const vnetFile: SdnFile = {name: 'vnets', key: 'vnet', post: '/cluster/sdn/vnets'};
/** The file of subnets. */
export const subnetFile: SdnFile = {
  name: 'subnets',
  key: 'subnet',
  post: '/cluster/sdn/vnets/{vnet}/subnets',
};

const base = '/cluster/sdn/vnets';
const one = `${base}/{vnet}`;

/** Vnets and subnets. */
export const vnetRoutes: readonly Route[] = [
  route('GET', base, listVnets),
  route('POST', base, createVnet),
  route('GET', one, showVnet),
  route('PUT', one, updateVnet),
  route('DELETE', one, deleteVnet),
  route('GET', `${one}/subnets`, listSubnets),
  route('POST', `${one}/subnets`, createSubnet),
  route('GET', `${one}/subnets/{subnet}`, showSubnet),
  route('PUT', `${one}/subnets/{subnet}`, updateSubnet),
  route('DELETE', `${one}/subnets/{subnet}`, deleteSubnet),
];

const vnetUses = usesOf('zone! tag alias vlanaware isolate-ports');
const subnetUses = usesOf('vnet! gateway snat dnszoneprefix dhcp-range dhcp-dns-server');
const readers = ['SDN.Audit', 'SDN.Allocate'];

function listVnets(context: Context): Reply {
  const visible = shownObjects(context, vnetFile).filter((shown) => {
    const pending: unknown = shown.pending;
    const zone = shown.zone ?? Object(pending).zone;
    return may(context, `/sdn/zones/${zone}/${shown.vnet}`, readers, true);
  });
  return data(visible);
}

/** The vnet of the path, if the caller has one of the rights on it. */
function requireVnet(context: Context, rights: readonly string[]): Section {
  const {vnet = ''} = context.path;
  const section = requireObject(context.cluster, vnetFile, vnet);
  require403(context, `/sdn/zones/${section.get('zone')}/${vnet}`, rights, true);
  return section;
}

function showVnet(context: Context): Reply {
  requireVnet(context, readers);
  return data(requireShown(context, vnetFile, context.path.vnet ?? ''));
}

function createVnet(context: Context): Reply {
  const {cluster, params} = context;
  const {vnet: id = '', type: _, 'lock-token': __, ...rest} = params;
  prefixed('create sdn vnet object failed', () => {
    requireLock(context);
    const values = checkedProperties(vnetUses, rest, true);
    if (edited(cluster, vnetFile).has(id)) {
      fail(500, `sdn vnet object ID '${id}' already defined`);
    }
    const section: Section = new Map([['type', 'vnet']]);
    setProperties(section, values);
    checkTag(cluster, id, section, 224);
    edited(cluster, vnetFile).set(id, section);
  });
  recordEffect(cluster, 'sdn', undefined, `vnet ${id} created`);
  return nothing;
}

function zoneType(cluster: Cluster, zone: string): string | undefined {
  return cluster.sections.get('sdn-zones')?.get(zone)?.get('type');
}

/** Each type of zone has its own idea of tags; `line` is where Proxmox looks for the type. */
function checkTag(cluster: Cluster, id: string, vnet: Section, line: number): void {
  const zone = vnet.get('zone') ?? '';
  const tag = vnet.get('tag');
  const type = zoneType(cluster, zone);
  const others = [...edited(cluster, vnetFile)].filter(([other]) => other !== id);
  const inZone = others.filter(([, section]) => section.get('zone') === zone);
  const twin = inZone.find(([, section]) => section.get('tag') === tag)?.[0];
  switch (type) {
    case undefined:
      return fail(500, `cannot lookup undefined type! at ${source} line ${line}.`);
    case 'simple':
      return tag === undefined ? undefined : refuse('vlan tag is not allowed on simple zone');
    case 'vlan':
      return refuseTag(tag, {what: 'vlan', most: 4096, twin: twin && `vnet ${twin}`});
    case 'qinq':
      return refuseQinq(zone, tag, twin);
    case 'vxlan':
    case 'evpn': {
      const [other, section] =
        others.find(([, one]) => isOverlay(cluster, one) && one.get('tag') === tag) ?? [];
      const where = other && `vnet ${other} in zone ${section?.get('zone')} `;
      return refuseTag(tag, {what: 'vxlan', most: 16_777_216, twin: where});
    }
  }
}

const source = '/usr/share/perl5/PVE/API2/Network/SDN/Vnets.pm';

function isOverlay(cluster: Cluster, vnet: Section): boolean {
  return ['vxlan', 'evpn'].includes(zoneType(cluster, vnet.get('zone') ?? '') ?? '');
}

function refuse(text: string): never {
  return paramError({tag: text});
}

function refuseTag(
  tag: string | undefined,
  rule: {readonly what: string; readonly most: number; readonly twin: string | undefined},
): void {
  if (tag === undefined) {
    refuse(`missing ${rule.what} tag`);
  }
  if (Number(tag) > rule.most) {
    refuse(`${rule.what} tag max value is ${rule.most}`);
  }
  if (rule.twin !== undefined && rule.twin !== '') {
    refuse(`${rule.what === 'vxlan' ? 'vxlan ' : ''}tag ${tag} already exist in ${rule.twin}`);
  }
}

function refuseQinq(zone: string, tag: string | undefined, twin: string | undefined): void {
  if (Number(tag ?? 0) > 4096) {
    refuse('VLAN tag maximal value is 4096');
  }
  if (twin !== undefined) {
    const what = tag === undefined ? 'tag-less vnet already exists' : `tag ${tag} already exist`;
    refuse(`${what} in zone ${zone} vnet ${twin}`);
  }
}

function hasSubnets(cluster: Cluster, vnet: string): boolean {
  return [...edited(cluster, subnetFile).values()].some((one) => one.get('vnet') === vnet);
}

function updateVnet(context: Context): Reply {
  const {cluster, params, path} = context;
  const {vnet: id = ''} = path;
  const section = requireVnet(context, ['SDN.Allocate']);
  const {digest, delete: _, 'lock-token': __, ...rest} = params;
  prefixed('update sdn vnet object failed', () => {
    requireLock(context);
    requireDigest(cluster, 'sdn-vnets', digest);
    const changed: Section = new Map(section);
    const values = checkedProperties(vnetUses, rest, false);
    deleteProperties(vnetUses, changed, list(context, 'delete'), rest);
    setProperties(changed, values);
    if (hasSubnets(cluster, id) && changed.get('zone') !== section.get('zone')) {
      paramError({zone: "can't change zone if subnets exist"});
    }
    checkTag(cluster, id, changed, 288);
    if (hasSubnets(cluster, id) && changed.get('vlanaware') === '1') {
      paramError({vlanaware: 'vlanaware vnet is not compatible with subnets'});
    }
    edited(cluster, vnetFile).set(id, changed);
  });
  recordEffect(cluster, 'sdn', undefined, `vnet ${id} updated`);
  return nothing;
}

function deleteVnet(context: Context): Reply {
  const {cluster, path} = context;
  const {vnet: id = ''} = path;
  requireVnet(context, ['SDN.Allocate']);
  prefixed('delete sdn vnet object failed', () => {
    requireLock(context);
    if (hasSubnets(cluster, id)) {
      paramError({vnet: "Can't delete vnet if subnets exists"});
    }
  });
  edited(cluster, vnetFile).delete(id);
  recordEffect(cluster, 'sdn', undefined, `vnet ${id} deleted`);
  return nothing;
}

/** `zone-10.0.0.0-24` with what its name says. */
function withName(shown: Record<string, unknown>): Record<string, unknown> {
  const [zone = '', network = '', mask = ''] = String(shown.subnet).split('-');
  return {...shown, zone, network, mask, cidr: `${network}/${mask}`};
}

function listSubnets(context: Context): Reply {
  const {vnet} = context.path;
  requireVnet(context, readers);
  return data(
    shownObjects(context, subnetFile)
      .filter((shown) => (shown.vnet ?? Object(shown.pending).vnet) === vnet)
      .map(withName),
  );
}

function showSubnet(context: Context): Reply {
  const {vnet, subnet = ''} = context.path;
  requireVnet(context, readers);
  const shown = requireShown(context, subnetFile, subnet);
  if (shown.vnet !== vnet) {
    paramError({vnet: 'wrong vnet'});
  }
  return data(withName(shown));
}

function createSubnet(context: Context): Reply {
  const {cluster, params, arrays, path} = context;
  const {vnet = ''} = path;
  const owner = requireVnet(context, ['SDN.Allocate']);
  const {subnet: cidr = '', type: _, 'lock-token': __, ...rest} = params;
  const id = `${owner.get('zone')}-${cidr.replace('/', '-')}`;
  prefixed('create sdn subnet object failed', () => {
    requireLock(context);
    const ranges = arrays['dhcp-range'];
    const extra = ranges === undefined ? {} : {'dhcp-range': ranges.join(';')};
    const values = checkedProperties(subnetUses, {...rest, ...extra, vnet}, true);
    if (edited(cluster, subnetFile).has(id)) {
      fail(500, `sdn subnet object ID '${id}' already defined`);
    }
    if (owner.get('vlanaware') === '1') {
      paramError({vnet: "you can't add a subnet on a vlanaware vnet"});
    }
    requireInSubnet(cidr, rest.gateway, ranges ?? []);
    const section: Section = new Map([['type', 'subnet']]);
    setProperties(section, values);
    edited(cluster, subnetFile).set(id, section);
  });
  recordEffect(cluster, 'sdn', undefined, `subnet ${id} created`);
  return nothing;
}

function updateSubnet(context: Context): Reply {
  const {cluster, params, arrays, path} = context;
  const {subnet: id = ''} = path;
  requireVnet(context, ['SDN.Allocate']);
  const {digest, delete: _, 'lock-token': __, ...rest} = params;
  prefixed('update sdn subnet object failed', () => {
    requireLock(context);
    requireDigest(cluster, 'sdn-subnets', digest);
    const section = requireObject(cluster, subnetFile, id);
    const [, network, mask] = id.split('-');
    requireInSubnet(`${network}/${mask}`, rest.gateway, arrays['dhcp-range'] ?? []);
    deleteProperties(subnetUses, section, list(context, 'delete'), rest);
    setProperties(section, checkedProperties(subnetUses, rest, false));
  });
  recordEffect(cluster, 'sdn', undefined, `subnet ${id} updated`);
  return nothing;
}

function deleteSubnet(context: Context): Reply {
  const {cluster, path} = context;
  requireVnet(context, ['SDN.Allocate']);
  edited(cluster, subnetFile).delete(path.subnet ?? '');
  recordEffect(cluster, 'sdn', undefined, `subnet ${path.subnet} deleted`);
  return nothing;
}

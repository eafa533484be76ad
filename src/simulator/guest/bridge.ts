// Why this exists: guests of both kinds need the right to use the bridge, or the virtual network,
// that a card is on, with its VLANs (check_vnet_access of PVE::GuestHelpers).
import {fail} from '../failure.ts';
import {require403} from '../permission.ts';
import type {Context} from '../route.ts';

/** SDN.Use on a card's bridge or, if it names any, on its VLAN and each VLAN of its trunk. */
export function requireCard(context: Context, card: ReadonlyMap<string, string>): void {
  if (context.auth.isRoot) return;
  const bridge = card.get('bridge') ?? fail(500, 'no sdn vnet ID specified');
  const zone = context.cluster.sections.get('sdn-vnets')?.get(bridge)?.get('zone');
  const path = `/sdn/zones/${zone ?? 'localnetwork'}/${bridge}`;
  const vlans = [card.get('tag') ?? '', ...trunkTags(card.get('trunks') ?? '')];
  const named = vlans.filter((vlan) => vlan !== '' && vlan !== '0');
  for (const vlan of named) require403(context, `${path}/${vlan}`, ['SDN.Use']);
  if (named.length === 0) require403(context, path, ['SDN.Use']);
}

/** The VLANs of `2;5-7`, in the order of their text. */
function trunkTags(trunks: string): readonly string[] {
  const tags = new Set<string>();
  for (const range of trunks.split(';')) {
    const [from = '', to = from] = range.split('-');
    for (let tag = Number(from); tag <= Number(to); tag += 1) tags.add(String(tag));
    tags.add(from);
  }
  return [...tags].sort();
}

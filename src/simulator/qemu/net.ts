// Why this exists: a network card's string gets a MAC when none was typed and is rewritten.
import type {Random} from '../random.ts';
import {randomMac} from '../random.ts';
import {parseProperties, printProperties} from './property-string.ts';

/** The stored text of a netN value: model and MAC first; a MAC is made up when none is given. */
export function normaliseNet(key: string, text: string, random: Random, macPrefix: string): string {
  const net = parseProperties(key, text);
  const mac = net.get('macaddr') ?? randomMac(random, macPrefix);
  const model = net.get('model') ?? '';
  net.delete('macaddr');
  net.set('model', `${model}=${mac}`);
  return printProperties(key, net);
}

/** The same card with a new MAC, as a clone gets it. */
export function withNewMac(key: string, text: string, random: Random, macPrefix: string): string {
  const net = parseProperties(key, text);
  net.delete('macaddr');
  return normaliseNet(key, printProperties(key, net), random, macPrefix);
}

/** Whether a change needs the card to be pulled and plugged (facts.md section 7). */
export function needsReplug(key: string, oldText: string, newText: string): boolean {
  const before = parseProperties(key, oldText);
  const now = parseProperties(key, newText);
  const differs = (name: string): boolean => (before.get(name) ?? '') !== (now.get(name) ?? '');
  return (
    ['model', 'macaddr', 'queues', 'mtu'].some(differs) ||
    !(before.has('bridge') && now.has('bridge'))
  );
}

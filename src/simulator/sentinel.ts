// Why this exists: people who only have the listening simulator ask for faults by a tag on a guest:
// `sim.qmstart.fails`, `.warns`, `.late`, `.killed`, `.vanishes`.
import type {TaskFault} from './faults.ts';
import {splitList} from './route.ts';
import type {Cluster} from './state.ts';
import type {Forked} from './task.ts';

/** The fault that a tag of the worker's guest asks for. */
export function sentinelFault(cluster: Cluster, forked: Forked): TaskFault | undefined {
  const tags = splitList(cluster.guests.get(Number(forked.id))?.config.get('tags') ?? '');
  for (const tag of tags) {
    const match = /^sim\.([a-z]+)\.(fails|warns|late|killed|vanishes)$/.exec(tag);
    if (match?.[1] === forked.type) {
      return faultOf(match[2] ?? '', tag);
    }
  }
  return undefined;
}

function faultOf(kind: string, tag: string): TaskFault {
  const text = `the tag ${tag} asks for it`;
  if (kind === 'warns') {
    return {kind: 'warns', text};
  }
  if (kind === 'late') {
    return {kind: 'late', delayMs: 30_000};
  }
  if (kind === 'killed') {
    return {kind: 'killed', afterMs: 1};
  }
  return kind === 'vanishes' ? {kind: 'vanishes'} : {kind: 'fails', text, when: 'start'};
}

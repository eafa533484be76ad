// Why this exists: what waits shows in GET config as Proxmox merges it, in which a value that is
// false in Perl cannot be deleted (load_current_config of PVE::AbstractConfig).
import {describe, expect, it} from 'vitest';
import {emptyContainer} from '../lxc/container-file.ts';
import {emptyGuest} from '../qemu/guest-file.ts';
import {cleanUpPending, deletion, mergedConfig} from './pending.ts';

describe.each([emptyGuest(100, 'pve1'), emptyContainer(100, 'pve1')])(
  'of a $kind guest',
  (guest) => {
    it('a deletion that waits hides a value, but not 0', () => {
      guest.config = new Map([
        ['memory', '512'],
        ['onboot', '0'],
      ]);
      guest.pendingDelete = new Map([
        ['memory', 'normal'],
        ['onboot', 'force'],
      ]);
      expect([...mergedConfig(guest)]).toEqual([['onboot', '0']]);
      expect([
        deletion(guest, 'memory'),
        deletion(guest, 'onboot'),
        deletion(guest, 'tags'),
      ]).toEqual([{delete: 1}, {delete: 2}, {}]);
    });

    it('what changes nothing does not wait', () => {
      guest.config = new Map([['memory', '512']]);
      guest.pending = new Map([
        ['memory', '512'],
        ['cores', '2'],
      ]);
      guest.pendingDelete = new Map([['tags', 'normal']]);
      cleanUpPending(guest);
      expect([[...guest.pending], [...guest.pendingDelete]]).toEqual([[['cores', '2']], []]);
    });
  },
);

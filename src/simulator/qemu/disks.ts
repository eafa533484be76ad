// Why this exists: the endpoints of a guest's disks, one list for the router.
import type {Route} from '../route.ts';
import {route} from '../route.ts';
import {moveDisk} from './move-disk.ts';
import {resize} from './resize.ts';

const base = '/nodes/{node}/qemu/{vmid}';

/** The disk endpoints. */
export const diskRoutes: readonly Route[] = [
  route('PUT', `${base}/resize`, resize),
  route('POST', `${base}/move_disk`, moveDisk),
];

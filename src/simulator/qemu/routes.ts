// Why this exists: the endpoints of QEMU guests, one list for the router.
import type {Route} from '../route.ts';

/** Every endpoint below `/nodes/{node}/qemu`. */
export const qemuRoutes: readonly Route[] = [];

// Why this exists: what a backup may be told, and by whom, is asked before there is a worker
// (PVE/API2/VZDump.pm, verify_vzdump_parameters in PVE/VZDump.pm).
import {fail, paramError} from '../failure.ts';
import {require403} from '../permission.ts';
import type {Context} from '../route.ts';
import {checkNotes} from './notes.ts';

const rootOnly = ['dumpdir', 'tmpdir', 'script', 'job-id'] as const;

/** Rights on what a backup may be told beside its guests. */
export function requireOptions(context: Context, storage: string | undefined): void {
  const {params, auth} = context;
  if (auth.isRoot) return;
  for (const key of rootOnly) {
    if (params[key] !== undefined) paramError({[key]: 'Only root may set this option.'});
  }
  if (['bwlimit', 'ionice', 'performance'].some((key) => params[key] !== undefined)) {
    require403(context, '/', ['Sys.Modify']);
  }
  const fleecing = /(?:^|,)storage=([^,]+)/.exec(params.fleecing ?? '')?.[1];
  if (fleecing !== undefined) {
    require403(context, `/storage/${fleecing}`, ['Datastore.AllocateSpace']);
  }
  const prunes = params['prune-backups'] !== undefined || params.maxfiles !== undefined;
  if (prunes && storage !== undefined) {
    require403(context, `/storage/${storage}`, ['Datastore.Allocate']);
  }
}

/** 400 or 500 for options that contradict each other or name what is not there. */
export function checkCall({cluster, params}: Context): void {
  for (const key of ['all', 'exclude', 'pool']) {
    const isSet = (params[key] ?? '') !== '' && params[key] !== '0';
    if (isSet && (params.vmid ?? '') !== '') {
      paramError({[key]: "option conflicts with option 'vmid'"});
    }
  }
  if (params['prune-backups'] !== undefined && params.maxfiles !== undefined) {
    paramError({'prune-backups': "option conflicts with option 'maxfiles'"});
  }
  checkNotes(params['notes-template']);
  const isAnyGiven = params.all === '1' || params.stop === '1' || params.pool !== undefined;
  if (!isAnyGiven && params.exclude === undefined && params.vmid === undefined) {
    paramError({vmid: 'property is missing'});
  }
  if (params.pool !== undefined && !cluster.pools.has(params.pool)) {
    fail(500, `pool '${params.pool}' does not exist`);
  }
}

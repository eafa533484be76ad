// Why this exists: nearly every refusal is a 500 with a text. The texts are those of facts.md
// and of the recordings; before 8.4 they stand in the status line only.
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import type {PveError} from '../core/model.ts';
import type {ExchangeResponse} from '../core/ports.ts';
import {failureError, readAnswer} from './classify.ts';
import {retryOf} from './retry.ts';
import {bare, gives, type Reply, refuses} from './scripted.ts';

function errorOf(reply: Reply): PveError {
  if (!reply.ok) return failureError(reply.error);
  const answer = readAnswer(reply.value);
  if (answer.ok) throw new Error('it was no error');
  return answer.error;
}

const TEXTS: readonly (readonly [number, string, PveError['kind']])[] = [
  [401, 'No ticket', 'unauthorised'],
  [401, 'Authentication failed!', 'unauthorised'],
  [401, "no such token 'x' for user 'y'", 'unauthorised'],
  [403, 'Permission check failed (/vms/100, VM.Audit)', 'forbidden'],
  [403, "Permission check failed (pool 'nopool' does not exist)", 'missing'],
  [500, "only root can set 'args' config", 'forbidden'],
  [500, 'update pools failed: 403 Permission check failed (/pool/p, Pool.Allocate)', 'forbidden'],
  [400, 'Parameter verification failed.', 'parameter'],
  [500, '400 Parameter verification failed.\nvmid: property is missing', 'parameter'],
  [500, 'no options specified', 'parameter'],
  [500, "invalid bootorder: device 'scsi0' does not exist'", 'parameter'],
  [500, "unable to parse value of 'cores' - got undefined value", 'parameter'],
  [501, 'for data too large', 'parameter'],
  [501, "Method 'GET /foo' not implemented", 'not-implemented'],
  [506, "upload 'Content-Type 'application/yaml' not implemented", 'not-implemented'],
  [500, "Configuration file 'nodes/N/qemu-server/100.conf' does not exist", 'missing'],
  [500, "unable to find configuration file for VM 159 on node 'pve1'", 'missing'],
  [500, "snapshot 'nope' does not exist", 'missing'],
  [500, "volume 'sandbox:iso/none.iso' does not exist", 'missing'],
  [500, "unable to create VM 102 - VM 102 already exists on node 'pve1'", 'exists'],
  [500, "CT 240 already exists on node 'pve1'", 'exists'],
  [500, 'unable to create VM 151: config file already exists', 'exists'],
  [500, "create ha group failed: ha group ID 'g1' already defined", 'exists'],
  [500, 'VM is locked (backup)', 'locked'],
  [500, 'CT is locked (snapshot)', 'locked'],
  [500, "can't lock file '/var/lock/qemu-server/lock-186.conf' - got timeout", 'lock-timeout'],
  [500, "cfs-lock 'storage-x' error: got lock request timeout", 'lock-timeout'],
  [500, "'file-user_cfg'-locked command timed out - aborting", 'lock-timeout'],
  [500, 'Failed to obtain guest migration lock - replication running?', 'lock-timeout'],
  [500, 'checksum mismatch (file change by other user?)', 'digest'],
  [500, 'detected modified configuration - file changed by other user? Try again.', 'digest'],
  [500, "can't remove VM 100 - protection mode enabled", 'protected'],
  [500, "can't remove drive 'scsi1' - protection mode enabled", 'protected'],
  [500, "can't update CT 100 drive 'rootfs' - protection mode enabled", 'protected'],
  [500, 'VM 100 is running - destroy failed', 'running'],
  [500, 'unable to destroy CT 100 - container is running', 'running'],
  [500, 'VM 160 not running', 'not-running'],
  [500, 'VM 160 is not running', 'not-running'],
  [500, 'QEMU guest agent is not running', 'server'],
  [500, 'unable to remove VM 100 - used in HA resources and purge parameter not set.', 'in-use'],
  [500, "scsi1 - cloud-init drive is already attached at 'ide2'", 'in-use'],
  [500, 'cluster not ready - no quorum?', 'no-quorum'],
  [500, "cfs-lock 'file-user_cfg' error: no quorum!", 'no-quorum'],
  [500, "unable to open file '/etc/pve/x.conf.tmp.1' - Permission denied", 'no-quorum'],
  [500, "storage 'x' does not exist", 'storage'],
  [500, "storage 'x' is disabled", 'storage'],
  [500, "storage 'x' is not available on node 'N'", 'storage'],
  [500, "hostname lookup 'pve9' failed - failed to get address info", 'node-unreachable'],
  [500, 'proxy loop detected', 'node-unreachable'],
  [595, 'Connection refused', 'node-unreachable'],
  [595, 'Connection timed out', 'node-unreachable'],
  [596, 'error:0A000086:SSL routines::certificate verify failed', 'node-unreachable'],
  [596, 'Connection timed out', 'no-answer'],
  [597, 'Broken pipe', 'no-answer'],
  [599, 'Unknown', 'no-answer'],
  [502, 'Bad Gateway', 'bad-answer'],
  [301, 'Moved Permanently', 'bad-answer'],
  [500, 'SSH public key validation error', 'server'],
];

describe('a text', () => {
  it.each(TEXTS)('%i %s means %s, with a body and without', (status, text, kind) => {
    expect(errorOf(refuses(status, text)).kind).toBe(kind);
    const [reason = ''] = text.split('\n');
    expect(errorOf(bare(status, reason)).kind).toBe(kind);
  });

  it.each([
    ['upid', 'no such task', 'missing'],
    ['vmid', 'VM 999 already exists', 'exists'],
    ['tokenid', 'Token already exists.', 'exists'],
    ['storage', 'No such storage.', 'storage'],
    ['upid', 'unable to parse worker upid', 'parameter'],
    ['scsi0', 'unable to apply pending change scsi0 : VM is locked (backup)', 'parameter'],
    ['net0', "hotplug problem - error on hot-unplugging device 'net0'", 'parameter'],
  ] as const)('of the parameter %s, "%s", means %s', (key, text, kind) => {
    const error = errorOf(refuses(400, 'Parameter verification failed.', {[key]: `${text}\n`}));
    expect(error).toMatchObject({kind, errors: {[key]: `${text}\n`}, sent: 'answered'});
    expect(error.message).toBe(`Parameter verification failed. ${key}: ${text}`);
  });

  it('is whole where the body has it, and the status line’s on 8.3', () => {
    const long = '400 Parameter verification failed.\nvmid: property is missing';
    expect(errorOf(refuses(500, long)).message).toBe(long);
    expect(errorOf(bare(500, 'VM is locked (backup)')).message).toBe('VM is locked (backup)');
    expect(errorOf(bare(500, '')).message).toBe('status 500 without a text');
  });
});

describe('an answer', () => {
  it('is its data, also null', () => {
    const value = (reply: Reply) => (reply.ok ? readAnswer(reply.value) : null);
    expect(value(gives(null))).toEqual({ok: true, value: null});
    expect(value(gives([1]))).toEqual({ok: true, value: [1]});
  });

  it.each(['', '{"data":', '[]', '{}', '<html>'])('of 200 and %j is none', (body) => {
    const response: ExchangeResponse = {status: 200, reason: 'OK', headers: {}, body};
    expect(readAnswer(response)).toMatchObject({error: {kind: 'bad-answer', sent: 'maybe'}});
  });

  it('of a proxy leaves open whether the call is carried out, a refusal does not', () => {
    const open = [595, 596, 597, 598, 599, 502].map((status) => errorOf(bare(status, 'x')).sent);
    expect(new Set(open)).toEqual(new Set(['maybe']));
    const said = [400, 401, 403, 500, 501, 506].map((status) => errorOf(bare(status, 'x')).sent);
    expect(new Set(said)).toEqual(new Set(['answered']));
  });
});

describe('no answer', () => {
  it.each([
    ['connect', 'no', 'connection'],
    ['cut', 'maybe', 'connection'],
    ['tls', 'no', 'tls'],
    ['timeout', 'maybe', 'no-answer'],
    ['timeout', 'no', 'connection'],
    ['cancelled', 'maybe', 'cancelled'],
  ] as const)('%s (sent: %s) means %s', (kind, sent, means) => {
    const error = failureError({kind, sent, message: 'x'});
    expect(error).toEqual({kind: means, sent, status: null, message: 'x', errors: {}});
  });
});

describe('whether asking again helps', () => {
  it.each([
    ['lock-timeout', 'now'],
    ['locked', 'later'],
    ['digest', 'later'],
    ['no-quorum', 'later'],
    ['forbidden', 'later'],
    ['parameter', 'never'],
  ] as const)('%s: %s', (kind, when) => {
    expect(retryOf({kind, status: 500, message: '', errors: {}, sent: 'answered'})).toBe(when);
  });
});

const recordings = new URL('../../../shared/proxmox/recordings/', import.meta.url);

type Step = {readonly response: {readonly status: number; readonly reason: string} & Body};
type Body = {readonly json?: unknown; readonly text?: string};

describe.skipIf(!existsSync(recordings))('every recorded refusal', () => {
  const replies = readdirSync(existsSync(recordings) ? recordings : '.')
    .filter((name) => /^\d.*\.json$/.test(name))
    .flatMap((name) => {
      // Safe: the format is that of the recordings' README; a missing field fails the test.
      const recording = JSON.parse(readFileSync(new URL(name, recordings), 'utf8')) as {
        readonly steps?: readonly Step[];
      };
      return (recording.steps ?? []).map(({response}) => response);
    })
    .filter(({status}) => status !== 200);

  it('means the same with its body and, where it has no parameters, by its status line', () => {
    expect(replies.length).toBeGreaterThan(200);
    for (const {status, reason, json, text} of replies) {
      const body = json === undefined ? (text ?? '') : JSON.stringify(json);
      const full = readAnswer({status, reason, headers: {}, body});
      const line = readAnswer({status, reason, headers: {}, body: ''});
      if (full.ok || line.ok) throw new Error(`${status} ${reason} is no error`);
      if (status !== 400) expect([reason, full.error.kind]).toEqual([reason, line.error.kind]);
      expect(full.error.kind).not.toBe('bad-answer');
      expect(full.error.message).not.toBe('');
    }
  });
});

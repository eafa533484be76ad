// Why this exists: a difference that means nothing to Proxmox would never go away; a real one must
// show.
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import type {FieldValue} from '../../core/model.ts';
import {FIELDS} from './fields.ts';
import {CONFIG, desiredOf, observedOf} from './samples.ts';

type Config = Readonly<Record<string, string | number>>;

/** Whether a live configuration is what a spec wants, in all its fields. */
function isSame(spec: Parameters<typeof desiredOf>[0], config: Config): boolean {
  const observed = observedOf({config: {...CONFIG, ...config}});
  return Object.entries(desiredOf(spec).body).every(([path, wanted]) => {
    return ruleOf(path).same(observed.body[path], wanted, observed);
  });
}

function ruleOf(path: string) {
  const parts = path.split('.');
  const template = Object.keys(FIELDS).find((name) => {
    const pieces = name.split('.');
    return (
      pieces.length === parts.length &&
      pieces.every((piece, at) => piece === '*' || piece === parts[at])
    );
  });
  const rule = FIELDS[path] ?? FIELDS[template ?? ''];
  if (!rule) throw new Error(`no rule for ${path}`);
  return rule;
}

describe('what Proxmox stores is what was wanted', () => {
  it.for<[string, Parameters<typeof desiredOf>[0], Config]>([
    ['1: memory with a leading zero', {memory: '2GiB'}, {memory: '02048'}],
    ['1: memory spelt in full', {memory: '1GiB'}, {memory: 'current=1024'}],
    ['1: the default memory', {memory: '512MiB'}, {}],
    ['1: decimals', {cpu: {limit: 1.5}}, {cpulimit: '1.50'}],
    ['1: no limit', {cpu: {limit: 0}}, {}],
    ['1: default cores', {cpu: {cores: 1, sockets: 1, units: 100, type: 'kvm64'}}, {}],
    ['1: a number that comes as text', {cpu: {cores: 2}}, {cores: '2'}],
    ['1: defaults spelt out', {onboot: false, protection: false}, {onboot: 0, protection: 0}],
    ['1: agent in its short form', {agent: {enabled: true, type: 'virtio'}}, {agent: '1'}],
    ['1: agent off', {agent: {enabled: false}}, {}],
    ['1: the whole name of a default key', {cpu: {type: 'host'}}, {cpu: 'cputype=host,flags=+aes'}],
    [
      '1: flags in another order',
      {cpu: {flags: ['+aes', '-pcid']}},
      {cpu: 'host,flags=-pcid;+aes'},
    ],
    ['1: undeclared sub-keys', {config: {vga: 'std'}}, {vga: 'memory=64'}],
    ['1: the default display', {config: {vga: 'std'}}, {}],
    ['1: discard and its default', {disks: {scsi0: {discard: false, ssd: false}}}, {}],
    ['1: backup unset means yes', {disks: {scsi0: {backup: true}}}, {}],
    ['6: MAC case, in the short form', {networks: {net0: {mac: 'bc:24:11:00:01:50'}}}, {}],
    [
      '6: model and MAC in the long form',
      {networks: {net0: {model: 'virtio', mac: 'BC:24:11:00:01:50'}}},
      {net0: 'bridge=vmbr0,macaddr=bc:24:11:00:01:50,model=virtio'},
    ],
    [
      '5: cards that are not declared',
      {networks: {net0: {tag: 5}}},
      {net0: 'virtio=BC:24:11:00:01:50,tag=5', net3: 'virtio=BC:24:11:00:01:53'},
    ],
    ['7: tags in another case and order', {tags: ['b', 'A']}, {tags: 'A;b;a'}],
    ['7: no tags', {tags: null}, {tags: ' '}],
    [
      '8: line ends and the marker',
      {description: 'a\nb\n'},
      {description: `a\r\nb\n${CONFIG['description']}`},
    ],
    ['8: no description but the marker', {description: null}, {}],
    [
      '9: encoded keys',
      {cloudInit: {sshKeys: ['ssh-rsa AAAA me@x']}},
      {sshkeys: 'ssh-rsa%20AAAA%20me%40x%0A'},
    ],
    [
      '9: doubly encoded keys',
      {cloudInit: {sshKeys: ['ssh-rsa AAAA me']}},
      {sshkeys: 'ssh-rsa%2520AAAA%2520me'},
    ],
    [
      '1: addresses in another order',
      {cloudInit: {ipConfig: {net0: {ip: '10.0.0.9/24', gw: '10.0.0.1'}}}},
      {ipconfig0: 'gw=10.0.0.1,ip=10.0.0.9/24'},
    ],
    ['1: startup in its short form', {startup: {order: 3, up: '1m'}}, {startup: '3,up=60'}],
    ['1: hotplug in its short form', {config: {hotplug: 'usb,network,disk'}}, {hotplug: '1'}],
    ['1: a machine spelt in full', {config: {machine: 'q35'}}, {machine: 'type=q35'}],
    ['1: an absent key and null', {balloon: null, config: {watchdog: null}}, {}],
    [
      '11: a volume under its alias',
      {disks: {scsi1: {file: 'local-lvm:vm-150-disk-1'}}},
      {scsi1: 'volume=local-lvm:vm-150-disk-1,size=4G'},
    ],
  ])('%s', ([, spec, config]) => {
    expect(isSame(spec, config)).toBe(true);
  });

  it.for<[string, Parameters<typeof desiredOf>[0], Config]>([
    ['a device that is not there is not its default', {config: {watchdog: 'i6300esb'}}, {}],
    ['ballooning off is not unset', {balloon: '0MiB'}, {}],
    ['another size', {disks: {scsi0: {size: '33GiB'}}}, {}],
    ['a slot that is to be absent', {networks: {net0: null}}, {}],
    ['a tag more', {tags: ['a']}, {tags: 'a;b'}],
    ['another order to boot in', {boot: {order: ['net0', 'scsi0']}}, {boot: 'order=scsi0;net0'}],
    ['leading blanks of a description', {description: 'a'}, {description: '  a'}],
    ['a description that is there', {description: null}, {description: 'x'}],
  ])('but not: %s', ([, spec, config]) => {
    expect(isSame(spec, config)).toBe(false);
  });
});

describe('every rule', () => {
  const values = fc.oneof(
    fc.boolean(),
    fc.integer({min: 0, max: 5}),
    fc.constantFrom('a', 'B', 'std'),
    fc.array(fc.constantFrom('a', 'b'), {maxLength: 2}),
  );

  it('finds a value the same as itself, and the same both ways', () => {
    const observed = observedOf();
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(FIELDS)), values, values, (rule, one, other) => {
        const same = (a: FieldValue, b: FieldValue) => rule.same(a, b, observed);
        expect(same(one, one)).toBe(true);
        expect(same(one, other)).toBe(same(other, one));
      }),
    );
  });

  it('shows no secret', () => {
    const ref = {secretRef: {name: 'harness', key: 'p'}};
    for (const rule of Object.values(FIELDS)) {
      if (rule.proxmox === 'cipassword') expect(rule.show?.(ref)).toBe('(secret)');
    }
  });
});

// Why this exists: section 5, attacks that happened to others.
import {F} from './files.ts';
import {held, open, type Promised} from './promise.ts';

/** The rule against each attack. */
export const ATTACKS: readonly Promised[] = [
  held(
    '5.paths',
    'blobs are read without a work tree; links, submodules and `..` are refused',
    [F.source, 'links, submodules, LFS pointers and big files are left out with a reason'],
    [F.tree, 'what is not what its name says is never used'],
  ),
  held(
    '5.urls',
    'addresses of repositories inject nothing; no redirect sees a token; hosts must be known',
    [F.ssh, 'an address cannot become an option of ssh'],
    [F.ssh, 'hosts and keys come from the configuration, and nobody is asked'],
    [F.source, 'a redirect to another origin is refused and sees no token'],
    [F.remote, 'a token over plain http to another machine'],
    [F.program, 'a program sees only the environment it was given'],
  ),
  held('5.plan-code', 'planning runs nothing: pure rooms import nothing that could', [
    'test/tidy.test.ts',
    'lets pure rooms import pure rooms only',
  ]),
  open('5.plan-code', 'a preview uses a read-only token and the policy of the base branch', {
    issue: 'later',
    because: 'previews of pull requests',
  }),
  held('5.other-plan', 'what was approved is what is applied: fingerprint and a fresh look', [
    F.delete,
    'an approval of one state covers no other: a new snapshot needs a new one',
  ]),
  open('5.webhook', 'webhooks are capped, signed, limited and only a hint', {
    issue: 'later',
    because: 'there is no webhook yet',
  }),
  held(
    '5.secrets',
    'secrets are redacted by type, and records hold keyed hashes',
    [F.secrets, 'a hash depends on the value and on every part of its place'],
    [F.trust, 'a secret is nowhere but in the request that sets it'],
  ),
  held(
    '5.escapes',
    'hostile text is escaped once per medium',
    [F.escape, 'is only text in HTML: $tries'],
    [F.log, 'is one line whatever its fields hold: $tries'],
    [F.server, 'is only shown, on the page and in the API: $tries'],
    [F.metrics, 'stays well formed whatever a name holds: $tries'],
  ),
  held(
    '5.yaml',
    'YAML has limits, refused keys, and poison stays where it is',
    [F.manifestProperties, 'never throws, whatever the bytes, and places every mistake'],
    [F.manifest, 'keeps the good documents of a file with a poison one, before and after it'],
    {script: 'test:bad-input'},
  ),
  held(
    '5.empty-identity',
    'an empty identity is nobody, not anyone',
    [F.ownership, 'of another witness (%j) is refused'],
    [F.gate, 'takes no approval %s'],
    [F.signatures, 'is bad when the allowed signers allow nobody'],
  ),
  held(
    '5.stale-cache',
    'a stale cache does not roll the fleet back',
    [F.source, 'ancestry is told against the last followed commit'],
    [F.trust, 'a rewritten or unrelated commit changes nothing until a person accepts it'],
  ),
  held(
    '5.foreign-volume',
    'a volume of another guest is neither attached, imported nor put into a CD drive',
    [F.disks, 'of another guest is refused while it is text, and never attached'],
    [F.attacks, 'is refused while it is text: $title'],
  ),
  held(
    '5.foreign-volume',
    'a guest that is no template is cloned only within the scope of the source',
    [F.attacks, 'is cloned from a template of anybody, else only from a guest in its scope'],
  ),
  held(
    '5.scope',
    'a source touches nothing outside of its scope, and a claim of two is an error in both',
    [F.gate, 'refuses other %s'],
    [F.attacks, 'is not reached: $title'],
    [F.attacks, 'is not reached by a clone that says no storage'],
    [F.plan, 'A source prunes only what it made, and a claim by two sources is an error in both.'],
    [F.secrets, 'another source’s Secret, an unknown key, any file without a folder'],
  ),
  open('5.image-url', 'images come by https from allowed hosts with a checksum', {
    issue: 'later',
    because: 'the Image kind',
  }),
  open('5.playbook', 'playbooks run in a folder of their own with a scrubbed environment', {
    issue: 'later',
    because: 'the Component kind',
  }),
  held(
    '5.listener',
    'loopback by default, Host checked, no unsigned mutating endpoint',
    [F.guard, '%s is answered as it should be'],
    [F.server, 'is not answered, so that a page elsewhere cannot read this one'],
    [F.server, '%s is answered, for GET only, with headers that protect'],
    [F.config, '%s'],
  ),
];

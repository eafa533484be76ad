// Why this exists: a repository's address, a branch and a path come from a file that somebody
// edits, and each of them has been used to smuggle options, programs and other people's files into
// a git client. They are taken apart here, once, and what is not plainly an address is refused.
import {err, ok, type Result} from '../core/result.ts';

/** Ways to a repository that are spoken; everything else (`ext::`, `git://` …) is refused. */
export type Protocol = 'https' | 'http' | 'ssh' | 'file';

/** An address that is safe to hand to an engine. */
export interface Remote {
  readonly protocol: Protocol;
  /** As git takes it; holds no password. */
  readonly url: string;
}

/** Takes an address apart; the error is a sentence for people and repeats nothing of it. */
export function parseRemote(address: string): Result<Remote, string> {
  if (hasControl(address) || /\s/.test(address))
    return err('it holds a space or control character');
  if (address.startsWith('-')) return err('it begins with a dash, which git takes as an option');
  if (/^[a-z0-9+.-]*::/i.test(address)) return err('remote helpers (`name::address`) run programs');
  return address.includes('://') ? parseUrl(address) : parseScp(address);
}

const PROTOCOLS: {readonly [scheme: string]: Protocol} = {
  'https:': 'https',
  'http:': 'http',
  'ssh:': 'ssh',
  'file:': 'file',
};

function parseUrl(address: string): Result<Remote, string> {
  if (!URL.canParse(address)) return err('it is not a URL');
  // The parser would resolve dots away, while git takes the address as it is written.
  if (hasDots(address)) return err('it holds `..`');
  const url = new URL(address);
  const protocol = PROTOCOLS[url.protocol];
  if (protocol === undefined) return err('only https, http, ssh and file are spoken');
  if (url.search !== '' || url.hash !== '') return err('it has a query or a fragment');
  if (url.password !== '') return err('it holds a password; write it as `token: {env: …}`');
  if (protocol !== 'ssh' && url.username !== '') {
    return err('it holds a user name; write it as `username:`');
  }
  if (protocol === 'file') {
    if (url.hostname !== '') return err('a file address has three slashes: file:///path');
    return ok({protocol, url: address});
  }
  if (!HOST.test(url.hostname)) return err('its host is not a name or address');
  if (protocol === 'ssh' && !isUser(url.username)) return err('its user is not a plain name');
  if (url.pathname.startsWith('/-')) return err('its path begins with a dash');
  if (protocol === 'ssh' && address.includes('%')) return err('its path holds an escape');
  return ok({protocol, url: address});
}

const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])$/;

function isUser(name: string): boolean {
  return name === '' || /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(name);
}

/** `[user@]host:path`, as git reads it: a colon before the first slash. */
function parseScp(address: string): Result<Remote, string> {
  const match = /^(?:([^@/:]+)@)?([^/:@]+):(.+)$/.exec(address);
  if (match === null) return err('it is neither a URL nor `user@host:path`; a folder is `folder:`');
  const [, user = '', host = '', path = ''] = match;
  if (!isUser(user)) return err('its user is not a plain name');
  if (!HOST.test(host)) return err('its host is not a name or address');
  if (path.startsWith('-')) return err('its path begins with a dash');
  return ok({protocol: 'ssh', url: address});
}

/** True where a token may travel: encrypted, or to this machine only. */
export function mayCarryCredentials(remote: Remote): boolean {
  if (remote.protocol === 'https') return true;
  if (remote.protocol !== 'http') return false;
  const {hostname} = new URL(remote.url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname);
}

/** What is wrong with a branch name (the rules of git-check-ref-format), or null. */
export function branchProblem(branch: string): string | null {
  if (branch === '') return 'it is empty';
  if (branch.startsWith('-')) return 'it begins with a dash';
  if (hasControl(branch) || /[ ~^:?*[\\]/.test(branch)) return 'it holds a forbidden character';
  if (branch.includes('..') || branch.includes('@{') || branch === '@') return 'it is a range';
  const parts = branch.split('/');
  if (parts.some((part) => part === '' || part.startsWith('.') || part.endsWith('.lock'))) {
    return 'one of its parts is empty, hidden or a lock';
  }
  return branch.endsWith('.') ? 'it ends in a dot' : null;
}

/** The parts of a sub-path of the repository (none for the whole of it), or what is wrong. */
export function parseSubPath(path: string): Result<readonly string[], string> {
  if (path.startsWith('/')) return err('it is absolute; it is relative to the repository');
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  const odd = parts.find((part) => entryProblem(part) !== null);
  return odd === undefined ? ok(parts) : err(entryProblem(odd) ?? 'it is not a plain path');
}

/** What is wrong with one name inside a repository, or null. Trees can hold any bytes as names. */
export function entryProblem(name: string): string | null {
  if (name === '' || name === '.' || name === '..') return 'a name is `.`, `..` or empty';
  if (name.toLowerCase() === '.git') return 'a name is `.git`';
  if (name.includes('/') || name.includes('\\')) return 'a name holds a slash';
  if (hasControl(name)) return 'a name holds a control character';
  return name.includes('\uFFFD') ? 'a name is not UTF-8' : null;
}

function hasControl(text: string): boolean {
  return /[\u0000-\u001f\u007f]/.test(text);
}

function hasDots(address: string): boolean {
  return address.replaceAll(/%2e/gi, '.').replaceAll(/%2f/gi, '/').split('/').includes('..');
}

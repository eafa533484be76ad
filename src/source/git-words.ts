// Why this exists: the git program says what went wrong in sentences. They are sorted into our
// reasons by the phrases below, and never shown: they may repeat what git was told.
import type {SourceError} from '../core/ports.ts';
import {failure} from './failure.ts';

interface Rule {
  readonly kind: SourceError['kind'];
  readonly message: string;
  /** In lower case, as in the C locale of git 2.30 to 2.50, curl and OpenSSH 8 to 10. */
  readonly phrases: readonly string[];
}

/** The first rule of which a phrase is found counts. */
const RULES: readonly Rule[] = [
  {
    kind: 'unauthorised',
    message: 'the ssh host key is not the one in the known hosts file',
    phrases: ['host key verification failed', 'host identification has changed'],
  },
  {
    kind: 'unauthorised',
    message: 'the remote refused the key or token',
    phrases: [
      'permission denied (',
      'authentication failed',
      'could not read username',
      'could not read password',
      'error: 401',
      'error: 403',
      'access denied',
    ],
  },
  {
    kind: 'unauthorised',
    message: 'the repository belongs to another user of this machine',
    phrases: ['dubious ownership'],
  },
  {
    kind: 'refused',
    message: 'the remote redirects, which is not followed',
    phrases: ['from redirection', 'error: 301', 'error: 302', 'error: 307', 'error: 308'],
  },
  {
    kind: 'refused',
    message: 'the protocol is not allowed',
    phrases: ["' not allowed", 'unable to find remote helper'],
  },
  {
    kind: 'branch-missing',
    message: 'the remote has no such branch',
    phrases: ["couldn't find remote ref"],
  },
  {
    kind: 'timeout',
    message: 'the remote did not answer in time',
    phrases: ['timed out', 'timeout', 'operation too slow'],
  },
  {
    kind: 'corrupt',
    message: 'the disk of the data folder is full',
    phrases: ['no space left'],
  },
  {
    kind: 'unreachable',
    message: 'the remote’s certificate is not trusted',
    phrases: ['certificate', 'ssl connection'],
  },
  {
    kind: 'unreachable',
    message: 'the connection to the remote failed',
    phrases: [
      'could not resolve',
      'connection refused',
      'network is unreachable',
      'connection reset',
      'failed to connect',
      "couldn't connect",
    ],
  },
  {
    kind: 'unreachable',
    message: 'there is no such repository, or not for this key',
    phrases: ['not appear to be a git repository', 'not found', 'does not exist'],
  },
  {
    kind: 'corrupt',
    message: 'what the remote sent is damaged or cut short',
    phrases: [
      'fsck error',
      'index-pack',
      'bad object',
      'corrupt',
      'early eof',
      'unexpected disconnect',
      'inflate',
      'did not send all',
      'hung up unexpectedly',
      'pack header',
      'protocol error',
      'bad line length',
      'is missing',
    ],
  },
];

/** The reason behind what git wrote; null when no phrase is known. */
export function gitReason(stderr: string, branch: string): SourceError | null {
  const text = stderr.toLowerCase();
  const rule = RULES.find(({phrases}) => phrases.some((phrase) => text.includes(phrase)));
  if (rule === undefined) return null;
  const {kind, message} = rule;
  const isBranch = kind === 'branch-missing';
  return failure(kind, isBranch ? `the remote has no branch \`${branch}\`` : message);
}

// Why this exists: ssh, when git starts it, must know its hosts from the configuration, must never
// ask, and must take nothing from anybody's ssh configuration.
import {err, ok, type Result} from '../core/result.ts';

/** Which key and which known hosts; absolute paths. */
export interface SshSettings {
  /** Null: the agent in SSH_AUTH_SOCK, if that variable was let through. */
  readonly identityFile: string | null;
  readonly knownHostsFile: string;
}

/** Paths that mean the same to a shell, to ssh's option parser and to its `%` expansion. */
const PLAIN_PATH = /^\/[\w./@+=:,-]+$/;

/** The text for GIT_SSH_COMMAND (which git gives to a shell), or why a path cannot stand in it. */
export function sshCommand(settings: SshSettings): Result<string, string> {
  const paths = [settings.knownHostsFile, settings.identityFile].filter((path) => path !== null);
  const odd = paths.find((path) => !PLAIN_PATH.test(path));
  if (odd !== undefined) {
    return err('an ssh file needs an absolute path of letters, digits and ./@+=:,_- only');
  }
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${settings.knownHostsFile}`,
    'GlobalKnownHostsFile=/dev/null',
    'ConnectTimeout=15',
    'ServerAliveInterval=10',
    'ServerAliveCountMax=3',
    'ForwardAgent=no',
    'ForwardX11=no',
    'ClearAllForwardings=yes',
    'PermitLocalCommand=no',
    'ControlPath=none',
    'UpdateHostKeys=no',
    ...(settings.identityFile === null ? [] : ['IdentitiesOnly=yes', 'IdentityAgent=none']),
  ];
  const key = settings.identityFile === null ? [] : ['-i', settings.identityFile];
  const flags = options.flatMap((option) => ['-o', option]);
  return ok(['ssh', '-F', '/dev/null', '-T', ...key, ...flags].join(' '));
}

// Why this exists: the registry of what can be wrong with a configuration: a code never changes its
// meaning, and its sentence stands here once.

/** Code → summary of every mistake that the configuration room finds. */
export const CONFIG_CODES = {
  'config-too-large': 'The configuration file is too large',
  'config-yaml': 'The configuration is not valid YAML',
  'config-yaml-feature': 'A YAML feature is not allowed in the configuration',
  'config-not-a-map': 'The configuration is not a map',
  'config-required': 'A required key is missing',
  'config-unknown-key': 'A key is not known',
  'config-type': 'A value has the wrong type',
  'config-value': 'A value is not allowed',
  'config-secret-literal': 'A secret is written in clear text',
  'config-variable-unknown': 'An environment variable names no key of the configuration',
  'config-variable-value': 'An environment variable holds something that cannot be read',
  'config-installation-empty': 'The installation has no name',
  'config-installation-changed': 'The name of the installation changed',
  'config-restart-needed': 'A changed key takes effect only at a restart',
  'config-listen-exposed': 'The API would be open to the network without a token or TLS',
  'config-listen-port': 'The port is not one',
  'config-endpoint-trust': 'An endpoint has neither pins nor a caFile',
  'config-endpoint-twice': 'Two clusters have the same endpoint',
  'config-source-twice': 'Two sources have the same name',
  'config-source-origin': 'A source needs either a url or a folder',
  'config-source-folder-key': 'A key of repositories stands beside a folder',
  'config-source-ssh': 'An ssh repository needs a known hosts file',
  'config-cluster-unknown': 'There is no cluster of that name',
  'config-destructive-automatic': 'Destructive actions can never be automatic',
  'config-approval-unverified': 'The approval’s conditions need signed commits',
  'config-window-time-zone': 'A time zone is not known',
  'config-vmids-reversed': 'A range of VMIDs ends before it begins',
  'config-duration-zero': 'A duration is zero',
} as const;

// Why this exists: a code may be named before anything raises it, or guard a kind that is asked
// without the reader before it. It stands here with its reason, and the suite fails as soon as it
// has a case, so that this list only grows shorter.

/** Codes that no manifest can raise, with the reason. */
export const WAITING: {readonly [code: string]: string} = {
  'vm-spec-missing': 'the head is checked before: spec-missing',
  'vm-secret-literal': 'the schema’s words win, which never show the value: secret-literal',
};

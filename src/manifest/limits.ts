// Why this exists: what a repository may cost is bounded, and each bound carries its argument. A
// document beyond a bound is an error of its own; the others are read all the same.

/** Bytes of one file. A manifest has 1 to 4 KiB; a file of 200 guests stays below this. */
export const MAX_FILE_BYTES = 1024 * 1024;

/** YAML files of one source. Ten thousand guests in a file each, and as many again to spare. */
export const MAX_FILES = 20_000;

/** Bytes of all YAML files of one source: 16,000 files of 4 KiB; parsing takes half a minute. */
export const MAX_TOTAL_BYTES = 64 * 1024 * 1024;

/** Documents of one file. A person does not find anything in a longer one. */
export const MAX_DOCUMENTS_PER_FILE = 500;

/** Levels of maps and lists. The deepest field of any kind has 8, a set's template 10. */
export const MAX_DEPTH = 32;

/** Values of one document. The largest guest imaginable (31 disks, 32 NICs) has about 600. */
export const MAX_VALUES = 10_000;

/** Characters of one text. Proxmox takes descriptions of 8 KiB; a list of SSH keys is longer. */
export const MAX_TEXT_LENGTH = 64 * 1024;

/** Characters of a key. YAML itself stops at 1024; no field or label needs more than this. */
export const MAX_KEY_LENGTH = 256;

/** Characters of a path in the repository; the file system's own limit is 4096 bytes. */
export const MAX_PATH_LENGTH = 1024;

/** Mistakes told of one document. Beyond this, one cause is behind them and the list hides it. */
export const MAX_DIAGNOSTICS_PER_DOCUMENT = 50;

/** Mistakes told of one revision; the errors come first, and the rest is counted. */
export const MAX_DIAGNOSTICS = 2_000;

/** Syntax errors told of one document: those after the first few only follow from them. */
export const MAX_SYNTAX_ERRORS = 3;

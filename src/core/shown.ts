// Why this exists: how ids, commits and numbers are said to people, on the terminal and the page
// alike. Nothing here is escaped: that is the printer's work.

/** A resource for people: guests by their VMID alone, others as `Kind/name`. */
export function shownKey(key: string): string {
  return key.replace(/^(guest|qemu|lxc)\//, '');
}

/** A commit as people say it; what stands for the state of a folder keeps its prefix. */
export function shownCommit(commit: string): string {
  return commit.slice(0, commit.startsWith('folder-') ? 17 : 10);
}

/** `1 action`, `3 actions`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

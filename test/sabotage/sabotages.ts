// Why this exists: the twelve ways in which this program could do harm if one line were wrong, each
// as an edit of its source. What is replaced must be there exactly once, or the edit is stale.

/** One edit of one file. */
export interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** One sabotage: what is broken, and by which edits. */
export interface Sabotage {
  readonly what: string;
  /** Title of the watchman who must see it. */
  readonly by: string;
  readonly edits: readonly Edit[];
}

/** Every sabotage. */
export const SABOTAGES: readonly Sabotage[] = [
  {
    what: 'digest not sent',
    by: 'an edit by somebody else right before our write arrives is not written over',
    edits: [
      {
        file: 'src/apply/fill.ts',
        from: 'of Object.entries(call.params)) {',
        to: "of Object.entries(call.params)) {\n    if (name === 'digest') continue;",
      },
    ],
  },
  {
    what: '596 on create repeated',
    by: 'a create whose answer was lost is not sent again',
    edits: [
      {
        file: 'src/pve/client.ts',
        from: "if (call.method !== 'GET' || retryOf(error) !== 'now') return null;",
        to: "if (retryOf(error) !== 'now') return null;",
      },
      {
        file: 'src/pve/client.ts',
        from: 'if (state.wasSlow) return',
        to: "if (state.wasSlow && call.method === 'GET') return",
      },
    ],
  },
  {
    what: 'exit status ignored',
    by: 'a task is judged by its exit status, and its words are told',
    edits: [
      {
        file: 'src/apply/resolve.ts',
        from: 'if (ended.value.success) return',
        to: 'if (ended.ok) return',
      },
    ],
  },
  {
    what: '595 read as absent',
    by: 'a guest on a node that does not answer is neither gone nor made anew',
    edits: [
      {
        file: 'src/kinds/virtual-machine/observe.ts',
        from: 'return undetermined(`its configuration could not be read: ${',
        to: "if (read.outcome.ok === false) return {kind: 'absent'};\n    return undetermined(`${",
      },
    ],
  },
  {
    what: 'empty fetch prunes',
    by: 'an empty repository deletes nothing, even with somebody who says yes to all',
    edits: [
      {
        file: 'src/plan/prune.ts',
        from: 'if (manifests.documents === 0) return',
        to: 'if (manifests.documents < 0) return',
      },
    ],
  },
  {
    what: 'marker not checked',
    by: 'a guest with the marker of another installation is not written to',
    edits: [
      {
        file: 'src/kinds/guest/marker.ts',
        from: 'return marker === formatMarker(own) ?',
        to: 'return marker !== formatMarker({...own, vmid: 0}) ?',
      },
    ],
  },
  {
    what: 'witness not checked',
    by: 'another guest under our VMID is not written to, even with our marker',
    edits: [
      {
        file: 'src/plan/ownership.ts',
        from: "return a !== null && b !== null && a !== '' && a.toLowerCase() === b.toLowerCase();",
        to: 'return a !== null && b !== null;',
      },
    ],
  },
  {
    what: 'intent journalled after the call',
    by: 'whatever arrives at the cluster was journalled before',
    edits: [
      {
        file: 'src/apply/run-step.ts',
        from: '  const intent = openIntent(context, run, before.observed);\n',
        to: '',
      },
      {
        file: 'src/apply/run-step.ts',
        from: '  lastWord.over();\n',
        to: '  lastWord.over();\n  const intent = openIntent(context, run, before.observed);\n',
      },
    ],
  },
  {
    what: 'approval not spent',
    by: 'an approval counts once',
    edits: [
      {
        file: 'src/journal/journal.ts',
        from: 'if (approval !== null) spendApproval(',
        to: "if (approval?.id === '') spendApproval(",
      },
    ],
  },
  {
    what: 'two actions on one guest',
    by: 'one guest has one action at a time',
    edits: [
      {
        file: 'src/apply/applier.ts',
        from:
          '    if (this.#isBusy(action) || ' + 'this.#abort.signal.aborted || this.#broken) {\n',
        to: '    if (this.#abort.signal.aborted || this.#broken) {\n',
      },
      {
        file: 'src/gate/reasons/applying.ts',
        from: 'judged.input.applying.has(key)',
        to: "judged.input.applying.has('')",
      },
    ],
  },
  {
    what: 'older commit followed',
    by: 'an older commit is not followed, and it is said',
    edits: [
      {
        file: 'src/reconcile/follow.ts',
        from: "    case 'rewritten':\n    case 'unknown':\n",
        to: "    case 'rewritten':\n      return null;\n    case 'unknown':\n",
      },
    ],
  },
  {
    what: 'blast radius ignored',
    by: 'more deletions than the blast radius wait for a yes to all of them',
    edits: [
      {
        file: 'src/gate/reasons/blast-radius.ts',
        from: 'if (destructive.length <= most ||',
        to: 'if (destructive.length >= 0 ||',
      },
    ],
  },
];

// Why this exists: the repository is read by strangers on other machines. It names no package
// mirror, no folder of the machine it was written on, and nothing of how it was written.
// The words are put together from pieces, so that this file does not contain them.
import type {Rule, SourceFile, Violation} from './source-file.ts';

type Ban = {readonly what: string; readonly pattern: RegExp};

function word(...pieces: readonly string[]): RegExp {
  return new RegExp(`(?<![\\w/+=-])(?:${pieces.join('')})(?![\\w/+=-])`, 'i');
}

function path(folder: string): RegExp {
  return new RegExp(`(?<![\\w.~})>*-])/${folder}/[\\w.]`);
}

function host(...labels: readonly string[]): RegExp {
  return new RegExp(`(?<![\\w-])${labels.join('\\.')}(?![\\w-])`, 'i');
}

const BANS: readonly Ban[] = [
  {what: 'a package registry', pattern: host('registry', '[a-z0-9-]+', '[a-z]+')},
  {what: 'a package registry', pattern: host('(?:deb|security|archive)', 'deb' + 'ian', 'org')},
  {what: 'a package registry', pattern: host('(?:pypi|files)', '(?:org|python' + 'hosted.org)')},
  {what: 'a package registry', pattern: host('(?:index|static)', 'crat' + 'es', 'io')},
  {what: 'a folder of the author’s machine', pattern: path('work')},
  {what: 'a folder of the author’s machine', pattern: path('root')},
  {what: 'a folder of the author’s machine', pattern: path('tmp')},
  // The use case's machines are named claude-dev, and one product they run has that word too.
  {what: 'a writing tool', pattern: word('cla', 'ude(?! Code CLI)')},
  {what: 'a writing tool', pattern: word('anth', 'ropic|open', 'ai|chat', 'gpt|co', 'pilot')},
  {what: 'a writing tool', pattern: word('L', 'LMs?|large language ', 'models?')},
  {what: 'a writing tool', pattern: new RegExp(`(?<![\\w/+=-])${'A'}${'I'}(?![\\w/+=-])`)},
  {what: 'how it was written', pattern: word('sub-?', 'agents?|(?:coding|writing) ', 'agents?')},
  {what: 'how it was written', pattern: word('(?:this|last|next|previous|my|our) ', 'sessions?')},
  {what: 'how it was written', pattern: word('helper ', '(?:sessions?|agents?)')},
  {
    what: 'how it was written',
    pattern: word('the ', 'lead(?! time)|(?:my|our) ', 'brief|the brief ', '(?:says|asks)'),
  },
  {what: 'how it was written', pattern: word('Co-', 'Authored-', 'By')},
];

/** The rule against words that do not belong in the project. */
export const wordRule: Rule = {
  name: 'words',
  because: 'the repository is read by strangers on other machines',
  check: (files) => files.flatMap(wordsIn),
};

function wordsIn(file: SourceFile): readonly Violation[] {
  return file.text.split('\n').flatMap((text, index) =>
    BANS.flatMap(({what, pattern}) => {
      const found = pattern.exec(text)?.[0];
      if (found === undefined) return [];
      return [{path: file.path, line: index + 1, what: `names ${what}: "${found}"`}];
    }),
  );
}

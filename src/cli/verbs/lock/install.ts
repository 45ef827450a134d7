import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lockName } from '../../find-fleet';
import { git } from '../../git';
import { writeFile } from '../../output';
import type { Session } from '../../session';

const attributes = `${lockName} linguist-generated merge=stowage`;

/** Sets up the merge driver of this clone; again changes nothing. @throws StowageError STW5003, STW5005 */
export function installDriver(command: string, session: Session): void {
  const top = git(['rev-parse', '--show-toplevel'], '.');
  git(['config', 'merge.stowage.name', 'Stowage lockfile: by model'], top);
  git(['config', 'merge.stowage.driver', `${command} lock merge %O %A %B %P`], top);
  const file = join(top, '.gitattributes');
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const there = before.split(/\r?\n/).some((line) => /^\S*stowage\.lock\s.*\bmerge=stowage\b/.test(line));
  if (!there) writeFile(file, `${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${attributes}\n`);
  session.note(
    there
      ? 'The merge driver is set up in this clone.'
      : 'The merge driver is set up in this clone; commit .gitattributes for the others, who run this once, too.',
  );
}

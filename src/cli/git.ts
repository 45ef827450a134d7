import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { diagnostic, StowageError } from '../errors/stowage-error';

/** Output of a git command. @throws StowageError STW5005 with git's own words */
export function git(args: readonly string[], directory: string, environment: NodeJS.ProcessEnv = {}): string {
  try {
    return execFileSync('git', args, {
      cwd: directory,
      encoding: 'utf8',
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 1 << 28,
    }).trimEnd();
  } catch (error) {
    const { code, stderr } = error as { code?: string; stderr?: string };
    const said = code === 'ENOENT' ? 'git is not installed' : (stderr ?? '').trim().split('\n')[0] || 'git failed';
    throw new StowageError([diagnostic('STW5005', said.replace(/^fatal: /, 'git: '))], { cause: error });
  }
}

export interface CheckedOut {
  /** Copy of the repository at the ref. */
  readonly root: string;
  /** The path in the copy of a path in the working tree. */
  readonly inside: (path: string) => string;
  readonly remove: () => void;
}

/** A copy of the repository as it is at `ref`, in a temporary directory: index and working tree stay untouched. */
export function checkOut(ref: string, directory: string): CheckedOut {
  const top = realpathSync(git(['rev-parse', '--show-toplevel'], directory));
  const commit = resolveRef(ref, directory);
  const temporary = realpathSync(mkdtempSync(join(tmpdir(), 'stowage-')));
  const root = join(temporary, 'tree');
  const remove = () => rmSync(temporary, { recursive: true, force: true });
  try {
    mkdirSync(root);
    const index = { GIT_INDEX_FILE: join(temporary, 'index') };
    git(['read-tree', commit], top, index);
    git(['checkout-index', '--all', '--quiet', `--prefix=${root}/`], top, index);
    linkModules(top, realpathSync(directory), root);
  } catch (error) {
    remove();
    throw error;
  }
  return { root, inside: (path) => join(root, relative(top, path)), remove };
}

export function resolveRef(ref: string, directory: string): string {
  try {
    return git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`], directory);
  } catch (error) {
    const message = `"${ref}" is neither a commit that git knows here nor a plan.json`;
    throw new StowageError([diagnostic('STW5005', message)], { cause: error });
  }
}

/** A fleet module at the ref imports what the working tree has installed. */
function linkModules(top: string, from: string, root: string): void {
  for (let directory = from; ; directory = dirname(directory)) {
    const installed = join(directory, 'node_modules');
    const link = join(root, relative(top, directory), 'node_modules');
    if (existsSync(installed) && existsSync(dirname(link)) && !existsSync(link)) symlinkSync(installed, link);
    if (directory === top || directory === dirname(directory)) return;
  }
}

import { accessSync, constants, existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { shownPath } from '../declare/shown-path';
import { diagnostic, StowageError } from '../errors/stowage-error';

/** What the mesh needs from outside: `scripts/mesh-parts.sh` installs each into a folder of its own. */
export type PartName = 'envoy' | 'mlserver' | 'triton';

export interface Parts {
  readonly directory: string;
  readonly has: (part: PartName) => boolean;
  /** Path of the part's program. */
  readonly program: (part: PartName) => string;
  /** A Python of any installed part. */
  readonly python: string;
}

const programs: Readonly<Record<PartName, string>> = { envoy: 'envoy', mlserver: 'mlserver', triton: 'tritonserver' };

/** Where `scripts/mesh-parts.sh` puts them. */
export function defaultPartsDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const { STOWAGE_PARTS, XDG_CACHE_HOME } = env;
  if (STOWAGE_PARTS !== undefined && STOWAGE_PARTS !== '') return STOWAGE_PARTS;
  const cache = XDG_CACHE_HOME !== undefined && XDG_CACHE_HOME !== '' ? XDG_CACHE_HOME : join(homedir(), '.cache');
  return join(cache, 'stowage-parts');
}

/** @throws StowageError STW6201 where a needed part is missing */
export function findParts(needed: readonly PartName[], directory = defaultPartsDirectory()): Parts {
  const program = (part: PartName) => join(directory, part, 'bin', programs[part]);
  const has = (part: PartName) => runs(program(part));
  const missing = needed.filter((part) => !has(part));
  if (missing.length > 0) throw new StowageError([missingParts(missing, directory)]);
  const home = (['envoy', 'mlserver', 'triton'] as const).find(has) ?? 'envoy';
  return { directory, has, program, python: join(directory, home, 'bin', 'python') };
}

function missingParts(missing: readonly PartName[], directory: string) {
  const message = `not installed in ${directory}: ${missing.join(', ')}`;
  return diagnostic('STW6201', message, {
    hint: `\`${installCommand(missing)}\` installs what is missing, from PyPI alone.`,
  });
}

/** The script lies in the package: beside dist/, or beside the sources. */
export function installCommand(parts: readonly PartName[]): string {
  const script = ['../..', '../../..']
    .map((up) => join(__dirname, up, 'scripts/mesh-parts.sh'))
    .find((path) => existsSync(path));
  return `bash ${script === undefined ? 'scripts/mesh-parts.sh' : shownPath(script)} ${parts.join(' ')}`;
}

function runs(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

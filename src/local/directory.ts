import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { diagnostic, StowageError } from '../errors/stowage-error';
import { writeFileAtomic } from '../project/atomic-file';

/** What `stowage local` says about itself, for `stowage status` and `stowage call` with --dir. */
export interface LocalState {
  readonly pid: number;
  readonly fleet: string;
  /** REST, through Envoy. */
  readonly endpoint: string;
  /** `host:port` of gRPC, through Envoy. */
  readonly grpc: string;
  /** meshd's own. */
  readonly control: string;
}

const stateFile = 'local.json';

/** Makes the directory ready. @throws StowageError STW6205 where another `stowage local` works in it */
export function claimDirectory(directory: string): void {
  mkdirSync(join(directory, 'logs'), { recursive: true, mode: 0o700 });
  const other = readState(directory)?.pid ?? null;
  if (other !== null && other !== process.pid && isAlive(other))
    throw new StowageError([diagnostic('STW6205', `process ${other} works in ${directory}`)]);
  for (const name of ['shards', 'routes', 'pods', 'pods.json', stateFile])
    rmSync(join(directory, name), { recursive: true, force: true });
  mkdirSync(join(directory, 'shards'), { mode: 0o700 });
}

export function writeState(directory: string, state: LocalState): void {
  writeFileAtomic(join(directory, stateFile), `${JSON.stringify(state, null, 2)}\n`);
}

/** null: no mesh was started there. */
export function readState(directory: string): LocalState | null {
  const path = join(directory, stateFile);
  if (!existsSync(path)) return null;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as LocalState;
  } catch {
    return null;
  }
}

/**
 * New parts before old ones go, higher parts first: a model that changes its part is always in one. Gives the least
 * revision that meshd has of the shard once it has read this.
 */
export function writeTable(directory: string, shard: string, table: Readonly<Record<string, string>>): number {
  const own = join(directory, 'shards', shard);
  writeParts(own, table);
  return Math.floor(Math.max(...Object.keys(table).map((file) => statSync(join(own, file)).mtimeMs)));
}

/** The fleet's aliases; none: no file. */
export function writeRoutes(directory: string, table: Readonly<Record<string, string>>): void {
  writeParts(join(directory, 'routes'), table);
}

function writeParts(folder: string, table: Readonly<Record<string, string>>): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const file of Object.keys(table).sort().reverse()) {
    const text = table[file] ?? '';
    const path = join(folder, file);
    if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileAtomic(path, text);
  }
  for (const file of readdirSync(folder))
    if (file.endsWith('.jsonl') && table[file] === undefined) rmSync(join(folder, file));
}

/** The table of a shard that is on its way out: its header and no model. */
export function emptyTable(directory: string, shard: string): Readonly<Record<string, string>> {
  const file = 'models-0.jsonl';
  const [header = ''] = readFileSync(join(directory, 'shards', shard, file), 'utf8').split('\n');
  return { [file]: `${header}\n` };
}

export function removeTable(directory: string, shard: string): void {
  rmSync(join(directory, 'shards', shard), { recursive: true, force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

import { Findings } from '../declare/findings';
import type { Fleet, SourceLocation } from '../declare/fleet';
import type { LockedModel, LockedPlacement, LockedShard, Packing } from '../pack/packing';
import { homesOf, sortedBy } from './homes';
import { formatModelLine, formatShardLine, readLockLine, shown } from './lock-line';

/** The version that this Stowage writes, and the latest that it reads. */
export const lockfileVersion = 1;

/**
 * Reads `stowage.lock`. Entries come sorted, whatever the order of lines; CRLF, a byte order mark and a missing last line
 * break are let pass, as editors and checkouts make them.
 * @param file named in errors
 * @throws StowageError with every finding at once (STW31xx)
 */
export function parseLockfile(text: string, file?: string): LockedPlacement {
  const findings = new Findings();
  const at = (index: number): SourceLocation => ({ ...(file === undefined ? {} : { file }), line: index + 1 });
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  refuseConflicts(lines, at, findings);
  findings.throwIfAny();
  checkHeader(lines[0] ?? '', at(0), findings);
  findings.throwIfAny();
  const shards = new Map<string, LockedShard>();
  const models = new Map<string, LockedModel>();
  const lineOf = new Map<LockedModel, number>();
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index] as string;
    if (line === '') continue;
    const read = readLockLine(line);
    if (read.kind === 'wrong') {
      findings.add(read.code, `line ${index + 1}: ${read.message}`, at(index));
    } else if (read.kind === 'shard') {
      if (shards.has(read.shard.id))
        findings.add('STW3105', `line ${index + 1}: the shard ${read.shard.id} has a line already`, at(index));
      else shards.set(read.shard.id, read.shard);
    } else if (models.has(read.model.key)) {
      findings.add('STW3105', `line ${index + 1}: the model ${read.model.key} has a line already`, at(index));
    } else {
      models.set(read.model.key, read.model);
      lineOf.set(read.model, index);
    }
  }
  for (const model of models.values()) {
    for (const shard of model.shards) {
      if (shards.has(shard)) continue;
      const index = lineOf.get(model) ?? 0;
      findings.add('STW3106', `line ${index + 1}: ${model.key} is in ${shard}, which has no line`, at(index));
    }
  }
  findings.throwIfAny();
  return { shards: sortedBy([...shards.values()], idOf), models: sortedBy([...models.values()], keyOf) };
}

/** The text of a lockfile: the same for the same content, in whatever order it is given. */
export function formatLockfile(locked: LockedPlacement): string {
  const lines = [`{"stowageLock":${lockfileVersion}}`];
  for (const shard of sortedBy(locked.shards, idOf)) lines.push(formatShardLine(shard));
  for (const model of sortedBy(locked.models, keyOf)) lines.push(formatModelLine(model));
  lines.push('');
  return lines.join('\n');
}

/** What the lockfile keeps of a packing: the assignment, and the sizes it was made with. */
export function lockOf(fleet: Fleet, packing: Packing): LockedPlacement {
  const homes = homesOf(packing.shards);
  const models: LockedModel[] = [];
  for (const { key, footprint } of fleet.models) {
    const home = homes.get(key);
    if (home === undefined) throw new TypeError(`the packing is of another fleet: it lacks ${key}`);
    models.push({
      key,
      shards: home.shards.map(({ id }) => id),
      acceleratorMemoryBytes: footprint.acceleratorMemoryBytes,
      memoryBytes: footprint.memoryBytes,
    });
  }
  const shards = packing.shards.map(({ id, pool, runtime, base, group, replicas }) => ({
    id,
    pool,
    runtime,
    base,
    group,
    replicas,
  }));
  return { shards: sortedBy(shards, idOf), models: sortedBy(models, keyOf) };
}

function refuseConflicts(lines: readonly string[], at: (index: number) => SourceLocation, findings: Findings): void {
  lines.forEach((line, index) => {
    // One finding a conflict; the lines between its markers would only repeat it.
    if (/^<{7}(\s|$)/.test(line)) findings.add('STW3103', `line ${index + 1}: a merge conflict begins here`, at(index));
  });
  if (findings.count > 0) return;
  const stray = lines.findIndex((line) => /^(={7}|>{7}|\|{7})(\s|$)/.test(line));
  if (stray !== -1) findings.add('STW3103', `line ${stray + 1}: a conflict marker is left from a merge`, at(stray));
}

function checkHeader(line: string, location: SourceLocation, findings: Findings): void {
  let version: unknown;
  try {
    const header = JSON.parse(line) as unknown;
    const known = typeof header === 'object' && header !== null && Object.hasOwn(header, 'stowageLock');
    if (known) version = (header as { stowageLock: unknown }).stowageLock;
    // A later version may add fields to the header; this one has none.
    if (known && version === lockfileVersion && Object.keys(header).length > 1) version = undefined;
  } catch {
    // Told below: a line that is not JSON has no version.
  }
  if (!Number.isSafeInteger(version) || (version as number) < 1) {
    const what = line === '' ? 'is empty' : `is ${shown(line)}`;
    findings.add('STW3101', `the first line ${what}, not {"stowageLock":${lockfileVersion}}`, location);
  } else if ((version as number) > lockfileVersion) {
    findings.add(
      'STW3102',
      `the lockfile has version ${version}; this Stowage reads up to version ${lockfileVersion}`,
      location,
    );
  }
}

const idOf = (shard: LockedShard): string => shard.id;
const keyOf = (model: LockedModel): string => model.key;

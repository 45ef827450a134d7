import type { Fleet } from '../declare/fleet';
import type { LockedPlacement } from '../pack/packing';
import { type Declared, declaredOf } from './declared';
import { FindingLog } from './finding-log';
import { field, shown } from './reading';
import { Replay } from './replay';
import { type CopyName, type ReadWave, readTransition } from './transition-reading';
import type { Verification } from './verification';

/**
 * Replays a transition from the lockfile's placement, by code that shares nothing with what made it: in each wave every
 * pod that takes something in is within its capacity with all that it holds then, models meet only whom they may, no
 * model has fewer copies than it had or will have but where a gap says so, and the end is the plan. Trusts neither `plan`
 * nor `transition`: they may be any parsed JSON, and nothing in them makes this throw. The plan itself is for `verifyPlan`.
 */
export function verifyTransition(
  fleet: Fleet,
  prior: LockedPlacement,
  plan: unknown,
  transition: unknown,
): Verification {
  const log = new FindingLog();
  const declared = declaredOf(fleet);
  const listed = field(plan, 'shards');
  const checked = {
    models: fleet.models.length,
    shards: Array.isArray(listed) ? listed.length : 0,
    classes: declared.classes.length,
  };
  const read = readTransition(transition, log);
  const replay = read === null ? null : Replay.from(declared, prior, listed, read.temporary, log);
  if (read !== null && replay !== null) {
    read.waves.forEach((wave, at) => {
      playWave(declared, replay, wave, at, log);
    });
    checkEnd(replay, log);
    compare('gaps', read.gaps.map(gapText), replay.gaps().map(gapText), log);
    const overloads = replay.overloads();
    compare('overloads', read.overloads.map(overloadText), overloads.map(overloadText), log);
  }
  return { ok: log.count === 0, findings: log.findings(), checked };
}

function playWave(declared: Declared, replay: Replay, wave: ReadWave, at: number, log: FindingLog): void {
  const unsound = (path: string, message: string | null) => {
    if (message !== null) log.add('STW2120', `waves[${at}].${path}`, message);
  };
  if (wave.start.length + wave.load.length + wave.resize.length + wave.unload.length + wave.stop.length === 0)
    unsound('load', 'the wave is empty');
  const ending = replay.endingPools();
  wave.start.forEach((name, i) => {
    unsound(`start[${i}]`, replay.start(name));
  });
  for (const message of replay.withoutNodes(wave.start, ending)) unsound('start', message);
  const grown = new Set<string>();
  const each = (list: readonly CopyName[], what: string, play: (copy: CopyName) => string | null) =>
    list.forEach((copy, i) => {
      unsound(`${what}[${i}]`, play(copy));
    });
  each(wave.load, 'load', (copy) => {
    grown.add(copy.shard);
    return declared.models.has(copy.model) ? replay.load(copy) : `the fleet declares no model ${shown(copy.model)}`;
  });
  const resized = new Set<string>();
  each(wave.resize, 'resize', (copy) => {
    const name = `${copy.shard} ${copy.model}`;
    if (resized.has(name)) return `${copy.model} in ${copy.shard} is resized twice`;
    resized.add(name);
    const result = replay.widen(copy);
    if (result === 'grows') grown.add(copy.shard);
    return result === 'grows' || result === 'shrinks' ? null : result;
  });
  for (const name of [...grown].sort()) unsound('load', replay.over(name));
  replay.afterLoads(at);
  each(wave.resize, 'resize', (copy) => replay.settle(copy));
  each(wave.unload, 'unload', (copy) => replay.unload(copy));
  wave.stop.forEach((name, i) => {
    unsound(`stop[${i}]`, replay.stop(name));
  });
  replay.afterUnloads(at);
}

function checkEnd(replay: Replay, log: FindingLog): void {
  for (const message of replay.unfinished()) log.add('STW2120', 'waves', message);
}

function compare(path: string, stated: readonly string[], derived: readonly string[], log: FindingLog): void {
  const wrong = derived.findIndex((text, i) => stated[i] !== text);
  if (wrong !== -1)
    log.add('STW2120', `${path}[${wrong}]`, `${path} must list ${derived[wrong]}, not ${stated[wrong] ?? 'nothing'}`);
  else if (stated.length > derived.length)
    log.add('STW2120', `${path}[${derived.length}]`, `${path} lists ${stated[derived.length]}, which there is none of`);
}

function gapText(gap: { model: string; from: number; until: number; copies: number }): string {
  return `${gap.model} down to ${gap.copies} from wave ${gap.from} until ${gap.until}`;
}

function overloadText(overload: { wave: number; shard: string }): string {
  return `${overload.shard} in wave ${overload.wave}`;
}

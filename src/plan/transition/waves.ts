import { byCodePoint } from '../../declare/findings';
import type { CopyAt, Gap, Transition, Wave } from '../transition';
import { type Draft, mayLoad, newCopy } from './draft';
import { makeWay } from './make-way';
import type { Pods } from './pods';
import { sizes, width } from './pods';
import type { Scene } from './scene';

const all = Array.from({ length: width }, (_, d) => d);

/** Does in each wave whatever can be done, until all is done. Where nothing can, a copy makes way for others. */
export function stepThrough(scene: Scene): Transition {
  const waves: Wave[] = [];
  const temporary: Pods[] = [];
  const overloads: { readonly wave: number; readonly shard: string }[] = [];
  const watch = new GapWatch(scene);
  const note = (wave: number, seen: Set<string>) => {
    for (const pods of scene.pods.values())
      if (pods.running && pods.overloaded && !seen.has(pods.name)) {
        seen.add(pods.name);
        overloads.push({ wave, shard: pods.name });
      }
  };
  for (let at = 0; ; at++) {
    const draft: Draft = { start: [], load: [], resize: [], unload: [], stop: [] };
    const grown: (() => void)[] = [];
    const open = [...scene.pods.values()];
    fillIn(scene, open, draft, grown, all);
    if (idle(draft) && !canLeave(scene, open)) fillIn(scene, open, draft, grown, sizes);
    const stuck = idle(draft) && !canLeave(scene, open);
    const dropped = stuck ? makeWay(scene, draft, temporary) : [];
    // A plan that does not fit: the verifier says so.
    if (stuck && idle(draft) && dropped.length === 0) fillIn(scene, open, draft, grown, []);
    const seen = new Set<string>();
    note(at, seen);
    watch.loaded(at);
    for (const settle of grown) settle();
    for (const { pods, key } of dropped) leave(scene, pods, key, draft);
    letGo(scene, [...scene.pods.values()], draft);
    watch.unloaded(at);
    for (const pods of scene.pods.values()) {
      if (!pods.running || pods.wanted !== null || pods.held.size > 0) continue;
      scene.stop(pods);
      draft.stop.push(pods.name);
    }
    note(at, seen);
    if (idle(draft) && draft.unload.length === 0 && draft.stop.length === 0) break;
    waves.push(sorted(draft));
  }
  return {
    waves,
    temporary: temporary
      .map(({ name, pool, runtime, base, group }) => ({ id: name, pool: pool?.name ?? '', runtime, base, group }))
      .sort((a, b) => byCodePoint(a.id, b.id)),
    gaps: watch.gaps(),
    overloads: overloads.sort((a, b) => a.wave - b.wave || byCodePoint(a.shard, b.shard)),
  };
}

/** Loads what fits beside what the pods hold, in the given dimensions. */
function fillIn(
  scene: Scene,
  open: readonly Pods[],
  draft: Draft,
  grown: (() => void)[],
  over: readonly number[],
): void {
  for (const pods of open) {
    if (pods.pending.size === 0) continue;
    for (const key of [...pods.pending].sort(byCodePoint)) {
      if (pods.held.has(key)) grow(scene, pods, key, draft, grown, over);
      else if (load(scene, pods, key, over)) draft.load.push({ model: key, shard: pods.name });
      else continue;
      if (!pods.running) {
        scene.start(pods);
        draft.start.push(pods.name);
      }
    }
  }
}

function load(scene: Scene, pods: Pods, key: string, over: readonly number[]): boolean {
  const copy = newCopy(scene, key);
  const copies = (scene.copies.get(key) ?? 0) + pods.replicas;
  if (!pods.hasRoom(scene.need(pods, copy, copies), over) || !mayLoad(scene, pods, key)) return false;
  scene.add(pods, copy);
  pods.pending.delete(key);
  return true;
}

/** Meanwhile the copy takes the larger of both sizes. */
function grow(
  scene: Scene,
  pods: Pods,
  key: string,
  draft: Draft,
  grown: (() => void)[],
  over: readonly number[],
): void {
  const before = pods.held.get(key);
  if (before === undefined) return;
  const { acceleratorMemoryBytes, memoryBytes } = newCopy(scene, key);
  const more = new Array<number>(width).fill(0);
  more[0] = pods.pool?.accelerator === null ? 0 : Math.max(0, acceleratorMemoryBytes - before.acceleratorMemoryBytes);
  more[2] = Math.max(0, memoryBytes - before.memoryBytes);
  if (before.model?.residency === 'on-demand') more.fill(0);
  if (more.some((amount) => amount > 0) && !pods.hasRoom(more, over)) return;
  scene.resize(pods, key, (copy) => {
    copy.acceleratorMemoryBytes = Math.max(copy.acceleratorMemoryBytes, acceleratorMemoryBytes);
    copy.memoryBytes = Math.max(copy.memoryBytes, memoryBytes);
  });
  pods.pending.delete(key);
  draft.resize.push({ model: key, shard: pods.name });
  grown.push(() =>
    scene.resize(pods, key, (copy) => {
      copy.acceleratorMemoryBytes = acceleratorMemoryBytes;
      copy.memoryBytes = memoryBytes;
    }),
  );
}

function leaves(scene: Scene, pods: Pods, key: string): boolean {
  return (scene.copies.get(key) ?? 0) - pods.replicas >= (scene.floor.get(key) ?? 0);
}

function canLeave(scene: Scene, open: readonly Pods[]): boolean {
  return open.some(
    (pods) => pods.strays && [...pods.held.keys()].some((key) => !pods.final.has(key) && leaves(scene, pods, key)),
  );
}

/** Unloads what has copies enough elsewhere; where only some of a model's can go, those that others wait for. */
function letGo(scene: Scene, open: readonly Pods[], draft: Draft): void {
  const awaited = (pods: Pods) => (pods.pending.size > 0 ? 0 : pods.wanted === null ? 1 : 2);
  const leaving = open.filter((pods) => pods.strays);
  for (const pods of leaving.sort((a, b) => awaited(a) - awaited(b)))
    for (const key of [...pods.held.keys()])
      if (!pods.final.has(key) && leaves(scene, pods, key)) leave(scene, pods, key, draft);
}

function leave(scene: Scene, pods: Pods, key: string, draft: Draft): void {
  scene.remove(pods, key);
  draft.unload.push({ model: key, shard: pods.name });
}

function idle({ load, resize }: Draft): boolean {
  return load.length === 0 && resize.length === 0;
}

function sorted(draft: Draft): Wave {
  const byShard = (a: CopyAt, b: CopyAt) => byCodePoint(a.shard, b.shard) || byCodePoint(a.model, b.model);
  return {
    start: [...draft.start].sort(byCodePoint),
    load: [...draft.load].sort(byShard),
    resize: [...draft.resize].sort(byShard),
    unload: [...draft.unload].sort(byShard),
    stop: [...draft.stop].sort(byCodePoint),
  };
}

/** Notes when models fall below their floor and when they are back. Mutable. */
class GapWatch {
  private readonly closed: Gap[] = [];
  private readonly open = new Map<string, { from: number; copies: number }>();

  constructor(private readonly scene: Scene) {}

  loaded(wave: number): void {
    for (const [model, gap] of this.open) {
      if (this.short(model)) continue;
      this.open.delete(model);
      this.closed.push({ model, from: gap.from, until: wave, copies: gap.copies });
    }
  }

  unloaded(wave: number): void {
    for (const model of this.scene.floor.keys()) {
      if (!this.short(model)) continue;
      const copies = this.scene.copies.get(model) ?? 0;
      const gap = this.open.get(model);
      if (gap === undefined) this.open.set(model, { from: wave, copies });
      else gap.copies = Math.min(gap.copies, copies);
    }
  }

  gaps(): Gap[] {
    return this.closed.sort((a, b) => byCodePoint(a.model, b.model) || a.from - b.from);
  }

  private short(model: string): boolean {
    return (this.scene.copies.get(model) ?? 0) < (this.scene.floor.get(model) ?? 0);
  }
}

import { byCodePoint } from '../../declare/findings';
import { newShardId } from '../../pack/shard-id';
import { type Draft, mayLoad, mayStart, newCopy } from './draft';
import type { Pods } from './pods';
import { sizes, width } from './pods';
import type { Scene } from './scene';

interface Dropped {
  readonly pods: Pods;
  readonly key: string;
}

/**
 * Where every load waits for room that another load has to free: copies that are to leave go somewhere for a while, into
 * free room that nothing will need, else to a temporary shard; where there is neither, they are dropped, and there is a
 * gap. Loads are put into the draft; what to unload afterwards is returned.
 */
export function makeWay(scene: Scene, draft: Draft, temporary: Pods[]): Dropped[] {
  const dropped: Dropped[] = [];
  const touched = new Set<Pods>();
  for (const pods of [...scene.pods.values()]) {
    if (pods.pending.size === 0 || touched.has(pods)) continue;
    const out = pods.running ? inTheWay(scene, pods) : inTheNodes(scene, pods);
    if (out.some((one) => touched.has(one.pods))) continue;
    for (const { pods: from, key } of out) {
      const to = elsewhere(scene, from, key, touched) ?? shelter(scene, key, temporary);
      dropped.push({ pods: from, key });
      if (to === null) continue;
      touched.add(to);
      if (!to.running) {
        scene.start(to);
        draft.start.push(to.name);
      }
      scene.add(to, newCopy(scene, key));
      draft.load.push({ model: key, shard: to.name });
    }
    for (const one of out) touched.add(one.pods);
    if (out.length === 0) continue;
    touched.add(pods);
    // Those that what is to come leaves have room then: they need not make way as well.
    for (const key of pods.pending) for (const holder of scene.holding(key)) touched.add(holder);
  }
  return dropped;
}

/** Fewest copies that have to leave so that something of what is to come fits: one if one does. */
function inTheWay(scene: Scene, pods: Pods): Dropped[] {
  const leaving = [...pods.held.values()]
    .filter(({ key }) => !pods.final.has(key))
    .map((copy) => ({ copy, need: scene.need(pods, copy, scene.copies.get(copy.key) ?? 1) }))
    .sort((a, b) => largest(pods, a.need) - largest(pods, b.need) || byCodePoint(a.copy.key, b.copy.key));
  for (const { copy, need } of leaving)
    if ([...pods.pending].some((key) => fitsWithout(scene, pods, key, [copy.key], need)))
      return [{ pods, key: copy.key }];
  // No single one is enough: from the largest on, until something fits.
  const out: string[] = [];
  const freed = new Array<number>(width).fill(0);
  for (const { copy, need } of leaving.reverse()) {
    out.push(copy.key);
    for (let d = 0; d < width; d++) freed[d] = (freed[d] as number) + (need[d] as number);
    if ([...pods.pending].some((key) => fitsWithout(scene, pods, key, out, freed))) break;
  }
  return out.map((key) => ({ pods, key }));
}

/** All copies of a shard that ends and whose nodes this one waits for. */
function inTheNodes(scene: Scene, pods: Pods): Dropped[] {
  const ending = [...scene.pods.values()]
    .filter((other) => other.running && other.pool === pods.pool && other.wanted === null && other.sharing === null)
    .sort((a, b) => a.held.size - b.held.size || byCodePoint(a.name, b.name))[0];
  return ending === undefined ? [] : [...ending.held.keys()].map((key) => ({ pods: ending, key }));
}

function fitsWithout(scene: Scene, pods: Pods, key: string, out: readonly string[], freed: readonly number[]): boolean {
  const copy = pods.held.get(key);
  const later = newCopy(scene, key);
  const copies = (scene.copies.get(key) ?? 0) + (copy === undefined ? pods.replicas : 0);
  const need = scene.need(pods, later, copies);
  const had = copy === undefined ? need.map(() => 0) : scene.need(pods, copy, copies);
  const room = need.map((amount, d) => amount - (had[d] as number) - (freed[d] as number));
  if (!pods.hasRoom(room, sizes)) return false;
  if (copy !== undefined) return true;
  const kept = out.flatMap((gone) => pods.held.get(gone) ?? []);
  for (const { key: gone } of kept) pods.held.delete(gone);
  const may = mayLoad(scene, pods, key);
  for (const other of kept) pods.held.set(other.key, other);
  return may;
}

/** Pods of its class with room for it beside all that they hold and are to hold. */
function elsewhere(scene: Scene, from: Pods, key: string, touched: ReadonlySet<Pods>): Pods | null {
  const sharing = scene.sharing(key);
  if (sharing === undefined) return null;
  for (const pods of scene.pods.values()) {
    if (pods === from || !pods.running || pods.wanted !== sharing.key || pods.replicas !== 1) continue;
    if (touched.has(pods) || pods.held.has(key) || pods.final.has(key) || !mayLoad(scene, pods, key)) continue;
    const need = scene.need(pods, newCopy(scene, key), (scene.copies.get(key) ?? 0) + 1);
    const conflicts = [...pods.pending].some((other) => {
      for (const [d, amount] of scene.need(pods, newCopy(scene, other), 1).entries())
        need[d] = (need[d] as number) + amount;
      return !scene.mayMeet(key, other);
    });
    if (!conflicts && pods.hasRoom(need, sizes)) return pods;
  }
  return null;
}

/** A temporary shard with room for it, else a new one of the cheapest pool that has nodes for it. */
function shelter(scene: Scene, key: string, temporary: Pods[]): Pods | null {
  const sharing = scene.sharing(key);
  if (sharing === undefined) return null;
  const copies = (scene.copies.get(key) ?? 0) + 1;
  const fits = (pods: Pods) =>
    pods.capacity !== null && pods.hasRoom(scene.need(pods, newCopy(scene, key), copies), sizes);
  for (const pods of temporary) {
    const own = pods.sharing === sharing.key && pods.running && !pods.held.has(key);
    if (own && fits(pods) && mayLoad(scene, pods, key)) return pods;
  }
  // Not where shards of the plan wait for nodes.
  const awaited = new Set(
    [...scene.pods.values()].flatMap((pods) => (pods.running || pods.wanted === null ? [] : pods.pool)),
  );
  const pools = scene.fleet.pools
    .filter((pool) => sharing.pools.includes(pool.name) && !awaited.has(pool))
    .sort((a, b) => a.podPriceMicrosPerHour - b.podPriceMicrosPerHour || byCodePoint(a.name, b.name));
  for (const pool of pools) {
    const id = newShardId(`temporary ${key}`, scene.taken);
    const pods = scene.temporary(id, pool, sharing);
    if (scene.room.allows(pool, pods.owner, 1) && mayStart(scene, pods) && fits(pods)) {
      temporary.push(pods);
      return pods;
    }
    scene.forget(pods);
  }
  return null;
}

function largest(pods: Pods, need: readonly number[]): number {
  let size = 0;
  for (const d of sizes) {
    const capacity = pods.capacity?.[d] ?? 0;
    if (capacity > 0) size = Math.max(size, (need[d] as number) / capacity);
  }
  return size;
}

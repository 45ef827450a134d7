import type { CopyAt } from '../transition';
import type { Pods } from './pods';
import type { Scene } from './scene';

/** A wave while it is made. Mutable. */
export interface Draft {
  readonly start: string[];
  readonly load: CopyAt[];
  readonly resize: CopyAt[];
  readonly unload: CopyAt[];
  readonly stop: string[];
}

export function newCopy(scene: Scene, key: string) {
  const model = scene.models.get(key);
  if (model === undefined) throw new TypeError(`no model ${key} in the fleet`);
  const { acceleratorMemoryBytes, memoryBytes } = model.footprint;
  return { key, model, acceleratorMemoryBytes, memoryBytes };
}

/** Beside models of its own class alone, none of which it must not meet, and on nodes that there are. */
export function mayLoad(scene: Scene, pods: Pods, key: string): boolean {
  const model = scene.models.get(key);
  const sharing = scene.sharing(key);
  if (model === undefined || sharing === undefined || pods.capacity === null || pods.pool === null) return false;
  if (!pods.running && !mayStart(scene, pods)) return false;
  for (const other of pods.held.values()) {
    if (other.model === null) {
      // Nothing is known of its labels any more.
      if (model.neverWith.length > 0) return false;
    } else if (scene.sharing(other.key) !== sharing || !scene.mayMeet(key, other.key)) return false;
  }
  return true;
}

/** Are there nodes for it, or none that any of the pool's pods will give back? */
export function mayStart(scene: Scene, pods: Pods): boolean {
  if (pods.pool === null) return false;
  if (scene.room.hasNodes(pods.pool, pods.owner, pods.replicas)) return true;
  return ![...scene.pods.values()].some((other) => other.running && other.pool === pods.pool && other.wanted === null);
}

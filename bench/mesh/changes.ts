import { answeredFrom, until } from './ask';
import { rss } from './processes';
import type { Router } from './router';
import { inferPath, podAddress, podsOf, type Sizes, shardOf } from './topology';

export interface Started {
  readonly startMs: number;
  readonly serverCpuMs: number;
  readonly envoyCpuMs: number;
  readonly serverBytes: number;
  readonly envoyBytes: number;
}

export interface Changed {
  /** Of each single change, from the order to the answer from the new pod. */
  readonly singleMs: readonly number[];
  readonly bulk: number;
  readonly bulkMs: number;
  /** Models, from the first on, that are one shard further now. */
  readonly moved: number;
}

export const live = (router: Router, sizes: Sizes, model: number, moved: number) => async (): Promise<boolean> => {
  const pods = podsOf(shardOf(model, sizes.shards, moved), sizes).map(podAddress);
  return pods.includes((await answeredFrom(router.ports.mesh, inferPath(model))) ?? '');
};

/** Both processes from nothing to the last model's answer. */
export async function startAll(router: Router, sizes: Sizes): Promise<Started> {
  const began = performance.now();
  const { rssBytes, cpuMs } = await router.start();
  await until(live(router, sizes, sizes.models - 1, 0), 'the last model');
  return {
    startMs: performance.now() - began,
    serverCpuMs: cpuMs,
    envoyCpuMs: router.cpuMs,
    serverBytes: rssBytes,
    envoyBytes: rss(router.pid),
  };
}

/** Single changes, then many at once. */
export async function changeSome(router: Router, sizes: Sizes, single: number): Promise<Changed> {
  const singleMs: number[] = [];
  for (let i = 0; i < single; i++) {
    const at = performance.now();
    await router.move(i, 1);
    await until(live(router, sizes, i, 1), 'one change');
    singleMs.push(performance.now() - at);
    await new Promise((done) => setTimeout(done, 50));
  }
  const bulk = Math.min(10_000, sizes.models - single);
  const at = performance.now();
  await router.move(single, bulk);
  await until(live(router, sizes, single + bulk - 1, 1), 'the last of the bulk');
  return { singleMs, bulk, bulkMs: performance.now() - at, moved: single + bulk };
}

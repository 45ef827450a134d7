import { until } from './ask';
import { live } from './changes';
import { load } from './load';
import type { Router } from './router';
import { inferPath, randomBelow, type Sizes } from './topology';

/**
 * The control plane dies and comes back under load. It knows no more than `moved` moves of what it had done: the others
 * are to be taken back.
 */
export async function restartControl(router: Router, sizes: Sizes, moved: number) {
  const random = randomBelow(7);
  let back = false;
  const asked = load({
    port: router.ports.mesh,
    connections: 2,
    ms: 600_000,
    next: () => ({ path: inferPath(random(sizes.models)) }),
    over: () => back,
  });
  await router.killControl();
  await new Promise((done) => setTimeout(done, 500));
  const at = performance.now();
  await router.startControl(moved);
  const ms = performance.now() - at;
  await until(live(router, sizes, 0, moved > 0 ? 1 : 0), 'a model after the restart');
  back = true;
  const { requests, failures } = await asked;
  return { ms, requests, failures };
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareVersions } from '../../../src/mesh/control/version-order';
import type { RouteState } from '../../../src/mesh/route-state';
import { desired, modelKeys, perform, type Step, settle, shardIds, steps } from './chaos';
import { FakeMesh } from './fake-mesh';
import { servedOf } from './tables';

/** A fleet at work: each shard with two pods, all loaded and routed. */
function startMesh(routers: number, room: number, poison: readonly string[]): FakeMesh {
  const mesh = new FakeMesh(routers, room);
  shardIds.forEach((shard, i) => {
    mesh.apply(shard, modelKeys.slice(i * 2, i * 2 + 2));
    for (const replica of ['x', 'y']) mesh.addPod(`${shard}-${replica}`, shard);
  });
  for (const pair of poison) mesh.poisoned.add(pair);
  return mesh;
}

function expectDesired(mesh: FakeMesh): void {
  const wanted = desired(mesh);
  for (const router of mesh.routers) {
    const state = router.inForce.at(-1)?.state as RouteState;
    const routes = new Map(state.routes.filter(({ name, served }) => name === served).map((r) => [r.served, r.shard]));
    expect(new Set(routes.keys())).toEqual(new Set(wanted.keys()));
    for (const [served, groups] of wanted) if (groups.size > 0) expect([...groups]).toContain(routes.get(served));
    expectNames(state);
    for (const { shard, pods } of state.shards) {
      if (shard.startsWith('@') || shard.includes('@')) continue;
      const there = [...mesh.pods].filter(([, known]) => known.shard === shard).map(([pod]) => pod);
      expect(pods.map(({ pod }) => pod)).toEqual(there.sort());
    }
  }
  for (const { shard, agent } of mesh.pods.values()) {
    const keys = mesh.tables.get(shard)?.keys ?? [];
    // What cannot be where it should stays where it was.
    const kept = (served: string, state: string) => state === 'leaving' && wanted.get(served)?.size === 0;
    const held = [...agent.models].filter(([served, { state }]) => state !== 'gone' && !kept(served, state));
    expect(held.map(([served]) => served).sort()).toEqual(keys.map(servedOf).sort());
    expect(held.filter(([, { state }]) => state !== 'ready' && state !== 'failed')).toEqual([]);
  }
}

/** A bare name is its newest version that is up. */
function expectNames({ routes }: RouteState): void {
  const byName = new Map(routes.map((route) => [`${route.tenant} ${route.name}`, route]));
  const served = routes.filter((route) => route.name === route.served);
  for (const { tenant, name, served: chosen } of routes) {
    if (name.includes('~')) continue;
    const versions = served
      .filter((route) => route.served.startsWith(`${tenant}~${name}~`))
      .sort((a, b) => compareVersions(b.served, a.served));
    const newest = versions.find(({ shard }) => shard !== '@none') ?? versions[0];
    expect(chosen).toBe(newest?.served);
    expect(byName.get(`${tenant} ${tenant}~${name}`)?.served).toBe(chosen);
  }
}

function run(mesh: FakeMesh, what: readonly Step[]): void {
  settle(mesh, 60);
  expectDesired(mesh);
  for (const step of what) perform(mesh, step);
  settle(mesh);
  expectDesired(mesh);
}

describe('control', () => {
  it('never routes to a pod that does not hold the model, and ends at what is desired', () => {
    const poison = fc.subarray(['t~a~1 s1-x', 't~a~10 s2-x', 't~a~10 s2-y', 'default~c~1 s3-y']);
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 2 }), poison, (what, routers, poisoned) => {
        run(startMesh(routers, 1000, poisoned), what);
      }),
      { numRuns: Number(process.env.CONTROL_RUNS ?? 60) },
    );
  });

  it('ends at what is desired where pods have no room for a model and its successor', () => {
    fc.assert(
      fc.property(steps, (what) => run(startMesh(1, 2, []), what)),
      { numRuns: Number(process.env.CONTROL_RUNS ?? 30) },
    );
  });

  // Known and open, found by the first property: a restarted router drops a route that one pod could still serve, after the
  // model failed on the shard's other pod and moved away meanwhile. Mend control, then make this an `it`.
  it.fails('keeps a route after a restart while one pod holds a model that failed on another and moved', () => {
    const found: readonly (readonly [Step['what'], number, number])[] = [
      ['break-model', 0, 0],
      ['restart-router', 0, 0],
      ['move', 22, 0],
      ['tick', 0, 0],
      ['source', 0, 0],
      ['drop', 0, 0],
      ['finish-load', 0, 1],
      ['send', 0, 0],
      ['add-pod', 130, 0],
      ['source', 0, 0],
      ['source', 0, 0],
      ['ack', 0, 0],
      ['source', 0, 0],
    ];
    run(
      startMesh(1, 1000, []),
      found.map(([what, a, b]) => ({ what, a, b })),
    );
  });
});

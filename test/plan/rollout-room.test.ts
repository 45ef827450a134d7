import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import type { FleetInput } from '../../src/declare/input';
import { pack } from '../../src/pack/pack';
import { makePlan } from '../../src/plan/make-plan';
import { rolloutRoom, rolloutWarnings } from '../../src/plan/rollout-room';
import { fleetInputs } from '../support/fleets';
import { inCopies } from '../support/in-copies';

const L4 = { kind: 'L4', memory: '23034Mi', perNode: 4 };

/** As many models of one copy as pods: each needs an L4 of its own. */
const big = (count: number, more: object = {}) =>
  Array.from({ length: count }, (_, i) => ({
    name: `big-${i}`,
    format: 'onnx',
    storageUri: 's3://models/big',
    gpuMemory: '12Gi',
    memory: '1Gi',
    ...more,
  }));

function planned(more: Partial<FleetInput>, pool: object = {}) {
  const fleet = defineFleet({
    name: 'shop',
    pools: [{ name: 'l4', accelerator: L4, cpu: 32, memory: '128Gi', ...pool }],
    models: big(7),
    ...more,
  });
  const plan = makePlan(fleet, inCopies(pack({ fleet })));
  return { fleet, plan, rooms: rolloutRoom(fleet, plan), warnings: rolloutWarnings(fleet, plan) };
}

describe('room for the rollout of one-pod shards', () => {
  it('has no limit where nodes have none', () => {
    const { rooms, warnings } = planned({});
    expect(rooms).toEqual([{ pool: 'l4', group: null, shards: 7, sparePods: null, limit: null }]);
    expect(warnings).toEqual([]);
  });

  it('is what the nodes have free, and those that the pool may still get', () => {
    expect(planned({}, { maxNodes: 2 }).rooms[0]).toMatchObject({ sparePods: 1, limit: 'pool.l4.nodes' });
    expect(planned({}, { maxNodes: 3 }).rooms[0]).toMatchObject({ sparePods: 5, limit: 'pool.l4.nodes' });
    expect(planned({}, { minNodes: 4, maxNodes: 4 }).rooms[0]).toMatchObject({ sparePods: 9 });
    expect(planned({ budgets: { nodes: 2 } }).rooms[0]).toMatchObject({ sparePods: 1, limit: 'nodes' });
  });

  it('is no more than hard budgets leave; what only warns, and cost, leave it as it is', () => {
    const routers = planned({}).plan.summary.routerPods;
    const room = (budgets: NonNullable<FleetInput['budgets']>) => planned({ budgets }, { maxNodes: 3 }).rooms[0];
    expect(room({ pods: 7 + routers + 2 })).toMatchObject({ sparePods: 2, limit: 'pods' });
    expect(room({ ips: 7 + routers })).toMatchObject({ sparePods: 0, limit: 'ips' });
    expect(room({ gpus: { L4: 8 } })).toMatchObject({ sparePods: 1, limit: 'gpus.L4' });
    const { cpuMillis, memoryBytes } = planned({}).plan.summary;
    expect(room({ cpu: `${cpuMillis + 100}m` })).toMatchObject({ sparePods: 0, limit: 'cpu' });
    expect(room({ memory: `${memoryBytes}` })).toMatchObject({ sparePods: 0, limit: 'memory' });
    expect(room({ pods: { limit: 7, enforcement: 'warn' }, costPerHour: 0.01 })).toMatchObject({ sparePods: 5 });
  });

  it('is warned of where there is none', () => {
    const { warnings, plan } = planned({ models: big(8) }, { maxNodes: 2 });
    expect(warnings.map(({ code, severity, message }) => [code, severity, message])).toEqual([
      ['STW3004', 'warning', 'pool "l4" is full (pool.l4.nodes): a rollout of its 8 one-pod shards waits for room'],
    ]);
    expect(plan.warnings).toEqual(expect.arrayContaining(warnings));
  });

  it("is looked for on a group's own nodes, and told in one warning a pool", () => {
    const tenants = ['acme', 'bank'].map((name) => ({ name, isolation: 'node' as const }));
    const models = [
      ...big(3),
      ...big(4, { tenant: 'acme' }).map((model) => ({ ...model, name: `acme-${model.name}` })),
      ...big(4, { tenant: 'bank' }).map((model) => ({ ...model, name: `bank-${model.name}` })),
    ];
    const { rooms, warnings } = planned({ tenants, models }, { maxNodes: 3 });
    expect(rooms.map(({ group, sparePods }) => [group, sparePods])).toEqual([
      [null, 1],
      ['acme', 0],
      ['bank', 0],
    ]);
    expect(warnings.map(({ message }) => message)).toEqual([
      'pool "l4" is full for acme, bank (pool.l4.nodes): a rollout of its 8 one-pod shards waits for room',
    ]);
    expect(planned({ tenants, models }, { maxNodes: 4 }).warnings).toEqual([]);
  });

  it('does not matter to shards of several pods, which roll in place', () => {
    const fleet = defineFleet({
      name: 'shop',
      pools: [{ name: 'l4', accelerator: L4, cpu: 32, memory: '128Gi', maxNodes: 1 }],
      models: big(2, { replicas: 2 }),
    });
    const packing = pack({ fleet });
    const copies = inCopies(packing);
    const [first] = copies.shards;
    if (first === undefined) throw new Error('no shard');
    const models = fleet.models.map(({ key }) => key);
    const equal = models.map((key, i) => ({ ...first, id: `s${i}`, replicas: 2, models: [key] }));
    expect(rolloutRoom(fleet, makePlan(fleet, { ...packing, shards: equal }))).toEqual([]);
    expect(rolloutRoom(fleet, makePlan(fleet, copies))).toMatchObject([{ shards: 4, sparePods: 0 }]);
  });

  it('is never negative, and none is warned of just where there is none', () => {
    fc.assert(
      fc.property(fleetInputs({ maxModels: 20 }), (input) => {
        const fleet = defineFleet(input);
        const plan = makePlan(fleet, inCopies(pack({ fleet })));
        const rooms = rolloutRoom(fleet, plan);
        for (const { sparePods, limit } of rooms) {
          expect(sparePods === null || sparePods >= 0).toBe(true);
          expect(limit === null).toBe(sparePods === null);
        }
        expect(rooms.reduce((sum, { shards }) => sum + shards, 0)).toBe(
          plan.shards.filter(({ replicas }) => replicas === 1).length,
        );
        const full = new Set(rooms.filter(({ sparePods }) => sparePods === 0).map(({ pool }) => pool));
        expect(rolloutWarnings(fleet, plan)).toHaveLength(full.size);
      }),
      { numRuns: 50 },
    );
  });
});

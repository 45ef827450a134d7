import { join } from 'node:path';
import { defineFleet } from '../../src/declare/define-fleet';
import type { FleetInput, ModelInput } from '../../src/declare/input';
import { loadFleet } from '../../src/declare/load-fleet';
import { fleetInput, fleetWithCatalogues, model, withFiles } from '../declare/support';

const define = (change: Partial<FleetInput>) => () => defineFleet(fleetInput(change));
const defineModel = (change: Partial<ModelInput>) => define({ models: [model('a', change)] });
/** Loads the first of these files as a fleet. */
const load = (files: Readonly<Record<string, string | Uint8Array>>) => () =>
  withFiles(files, (directory) => loadFleet(join(directory, Object.keys(files)[0] ?? '')));

/** For each code of declaring, a call that throws it. */
export const triggers: Record<string, () => unknown> = {
  STW1001: () => loadFleet('/nowhere/fleet.yaml'),
  STW1002: load({ 'fleet.yaml': Uint8Array.of(0xff, 0xfe, 0x00) }),
  STW1003: load({ 'fleet.yaml': 'pools: [' }),
  STW1004: defineModel({ residency: 'sometimes' as 'resident' }),
  STW1005: define({ budget: {} } as Partial<FleetInput>),
  STW1006: defineModel({ storageUri: undefined as unknown as string }),
  STW1007: defineModel({ gpuMemory: '-1Gi' }),
  STW1008: define({ models: [model('a'), model('a')] }),
  STW1009: defineModel({ runtime: 'tritn' }),
  STW1010: defineModel({ format: 'onx' }),
  STW1011: defineModel({ gpuMemory: '80Gi' }),
  STW1012: defineModel({ pools: ['cpu'] }),
  STW1013: load({ 'fleet.json': '{"name":"a","__proto__":{}}' }),
  STW1014: load({ 'fleet.json': fleetWithCatalogues('*.jsonl') }),
  STW1015: load({ 'fleet.ts': 'throw new Error("no");' }),
  STW1016: define({ models: [] }),
  STW1017: load({ 'fleet.toml': '' }),
  STW1018: define({ tenants: [{ name: 'a', isolation: 'process', group: 'shared' }] }),
  STW1020: define({ aliases: [{ name: 'live', targets: [{ model: 'resnet50', weight: 0 }] }] }),
  STW1021: define({ aliases: [{ name: 'resnet50', targets: [{ model: 'resnet50' }] }] }),
  STW1022: define({ aliases: [{ name: 'live', tenant: 'a', targets: [{ model: 'default/resnet50@1' }] }] }),
  STW1019: define({
    pools: [{ name: 'p', cpu: 999, memory: '7Pi', disk: '8000Ti', podsPerNode: 1 }],
    models: ['a', 'b', 'c'].map((name) => model(name, { format: 'sklearn', gpuMemory: 0, memory: '5Pi', disk: 0 })),
  }),
};

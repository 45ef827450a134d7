import { createHash } from 'node:crypto';
import { defineFleet } from '../../src/declare/define-fleet';
import type { Fleet } from '../../src/declare/fleet';
import type { FleetInput, ModelInput } from '../../src/declare/input';
import { pack } from '../../src/pack/pack';
import { makePlan } from '../../src/plan/make-plan';
import { parseModelTable } from '../../src/render/parse-model-table';
import { parseRouteTable } from '../../src/render/parse-route-table';
import { renderFleet } from '../../src/render/render';

const model: ModelInput = { name: 'a', format: 'sklearn', storageUri: 's3://models/a', memory: '1Gi' };

function render(extra: Partial<FleetInput> = {}, change: (fleet: Fleet) => Fleet = (fleet) => fleet): unknown {
  const pools = [{ name: 'cpu', cpu: 16, memory: '64Gi' }];
  const fleet = defineFleet({ name: 'small', pools, models: [model], ...extra });
  return renderFleet(change(fleet), makePlan(fleet, pack({ fleet })));
}

/** Each code of rendering, and a call that reports it. */
export const triggers: Record<string, () => unknown> = {
  STW4001: () => render({}, (fleet) => ({ ...fleet, models: [] })),
  STW4002: () => render({ mesh: { storageSecretName: 'Not A Name' } }),
  STW4003: () => render({ runtimes: [{ name: 'mlserver', extends: 'mlserver', ports: { http: 9300 } }] }),
  STW4004: () => {
    const labels = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`label-${i}`, 'x'.repeat(4000)]));
    return render({ models: [{ ...model, labels }] });
  },
  STW4007: () => parseRouteTable({ 'routes-0.jsonl': '{"routeTableVersion":1}\n' }),
  STW4008: () => parseRouteTable({ 'routes-0.jsonl': '{"routeTableVersion":2}\n' }),
  STW4009: () => {
    // All in one part: it cannot be cut further.
    const same = (name: string) => (createHash('sha256').update(`default/${name}`).digest()[0] ?? 0) % 64 === 0;
    const names = Array.from({ length: 11_000 }, (_, i) => `${i}-${'x'.repeat(110)}`).filter(same);
    const versions = Array.from({ length: 16 }, (_, i) => `${i + 10}-${'x'.repeat(120)}`);
    const long = 'm'.repeat(128);
    const targets = versions.map((version) => ({ model: `${long}@${version}` }));
    return render({
      models: versions.map((version) => ({ ...model, name: long, version })),
      aliases: names.map((name) => ({ name, targets })),
    });
  },
  STW4005: () => parseModelTable({ 'models-0.jsonl': '{"tableVersion":1}\n' }),
  STW4006: () => parseModelTable({ 'models-0.jsonl': '{"tableVersion":2}\n' }),
};

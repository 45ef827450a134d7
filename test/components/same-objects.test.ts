import { Testing } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { Fleet as Cdk8sFleet } from '../../components/cdk8s/index';
import type { Fleet } from '../../src/declare/fleet';
import { planFleet } from '../../src/project/plan-fleet';
import type { KubernetesObject } from '../../src/render/objects';
import { renderFleet } from '../../src/render/render';
import { toYaml } from '../../src/render/yaml';
import { fleets } from './fleets';
import { runPulumi } from './pulumi-run';

type Objects = ReadonlyMap<string, unknown>;

function byName(objects: readonly unknown[]): Objects {
  const plain = JSON.parse(JSON.stringify(objects)) as KubernetesObject[];
  return new Map(
    plain
      .map((object) => [`${object.kind} ${object.metadata.namespace}/${object.metadata.name}`, object] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function fromYaml(fleet: Fleet): Objects {
  const text = toYaml(renderFleet(fleet, planFleet(fleet).plan));
  return byName(parseAllDocuments(text).map((document) => document.toJS() as unknown));
}

function fromCdk8s(fleet: Fleet): Objects {
  const chart = Testing.chart();
  new Cdk8sFleet(chart, 'models', { fleet, lock: 'off' });
  return byName(Testing.synth(chart));
}

async function fromPulumi(fleet: Fleet): Promise<Objects> {
  const { resources } = await runPulumi({ fleet, lock: 'off' });
  return byName(resources.filter(({ type }) => type.startsWith('kubernetes:')).map(({ inputs }) => inputs));
}

describe.each(Object.entries(fleets))('%s', { timeout: 180_000 }, (_, declare) => {
  it('gives the same objects as YAML, through cdk8s and through Pulumi', async () => {
    const fleet = declare();
    const yaml = fromYaml(fleet);
    expect(yaml.size).toBeGreaterThan(8);
    expect(fromCdk8s(fleet)).toEqual(yaml);
    expect(await fromPulumi(fleet)).toEqual(yaml);
  });
});

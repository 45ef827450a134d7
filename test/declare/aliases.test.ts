import { describe, expect, it } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import type { AliasInput } from '../../src/declare/input';
import { pack } from '../../src/pack/pack';
import { makePlan } from '../../src/plan/make-plan';
import { diagnosticsOf, fleetInput, model } from './support';

const models = [
  model('resnet', { version: '1' }),
  model('resnet', { version: '2' }),
  model('bert'),
  model('bert', { tenant: 'acme' }),
];
const define = (...aliases: AliasInput[]) => defineFleet(fleetInput({ models, aliases }));
const findings = (...aliases: AliasInput[]) =>
  diagnosticsOf(() => define(...aliases)).map(({ code, location }) => `${code} ${location?.path}`);

describe('aliases', () => {
  it('are told in base units, sorted, with the targets sorted', () => {
    const fleet = define(
      {
        name: 'vision',
        targets: [
          { model: 'resnet@2', weight: 10 },
          { model: 'default/resnet@1', weight: 90 },
        ],
        mirror: { model: 'bert', share: 0.25 },
        timeoutSeconds: 1.5,
      },
      { name: 'text', tenant: 'acme', targets: [{ model: 'bert' }] },
    );
    expect(fleet.aliases.map(({ source: _, ...alias }) => alias)).toEqual([
      {
        key: 'acme/text',
        tenant: 'acme',
        name: 'text',
        targets: [{ model: 'acme/bert@1', weight: 1 }],
        mirror: null,
        timeoutMs: null,
      },
      {
        key: 'default/vision',
        tenant: 'default',
        name: 'vision',
        targets: [
          { model: 'default/resnet@1', weight: 90 },
          { model: 'default/resnet@2', weight: 10 },
        ],
        mirror: { model: 'default/bert@1', shareMicro: 250_000 },
        timeoutMs: 1500,
      },
    ]);
    expect(defineFleet(fleetInput()).aliases).toEqual([]);
  });

  it('may have the name of a model of another tenant', () => {
    expect(define({ name: 'resnet', tenant: 'acme', targets: [{ model: 'bert' }] }).aliases).toHaveLength(1);
  });

  it.each<[string, AliasInput, string]>([
    ['an unknown model', { name: 'a', targets: [{ model: 'resnt@2' }] }, 'STW1009 aliases[0].targets[0].model'],
    ['an unknown version', { name: 'a', targets: [{ model: 'resnet@3' }] }, 'STW1009 aliases[0].targets[0].model'],
    ['a name of two versions', { name: 'a', targets: [{ model: 'resnet' }] }, 'STW1009 aliases[0].targets[0].model'],
    ['an unknown tenant', { name: 'a', targets: [{ model: 'x/resnet@1' }] }, 'STW1009 aliases[0].targets[0].model'],
    [
      'an unknown mirror',
      { name: 'a', targets: [{ model: 'bert' }], mirror: { model: 'x' } },
      'STW1009 aliases[0].mirror.model',
    ],
    [
      "another tenant's model",
      { name: 'a', targets: [{ model: 'acme/bert@1' }] },
      'STW1022 aliases[0].targets[0].model',
    ],
    [
      "another tenant's model as mirror",
      { name: 'a', tenant: 'acme', targets: [{ model: 'bert' }], mirror: { model: 'default/bert@1' } },
      'STW1022 aliases[0].mirror.model',
    ],
    ["a model's name", { name: 'bert', targets: [{ model: 'bert' }] }, 'STW1021 aliases[0].name'],
    ['weights of 0 alone', { name: 'a', targets: [{ model: 'bert', weight: 0 }] }, 'STW1020 aliases[0].targets'],
    [
      'a target twice',
      { name: 'a', targets: [{ model: 'bert' }, { model: 'bert@1' }] },
      'STW1008 aliases[0].targets[1].model',
    ],
    ['no target', { name: 'a', targets: [] }, 'STW1004 aliases[0].targets'],
    ['half a weight', { name: 'a', targets: [{ model: 'bert', weight: 0.5 }] }, 'STW1007 aliases[0].targets[0].weight'],
    [
      'a share above 1',
      { name: 'a', targets: [{ model: 'bert' }], mirror: { model: 'bert', share: 2 } },
      'STW1007 aliases[0].mirror.share',
    ],
    ['no time', { name: 'a', targets: [{ model: 'bert' }], timeoutSeconds: 0 }, 'STW1007 aliases[0].timeoutSeconds'],
  ])('are refused with %s', (_, alias, finding) => {
    expect(findings(alias)).toEqual([finding]);
  });

  it('are refused where two have one name, all findings at once', () => {
    const one = { name: 'a', targets: [{ model: 'bert' }] };
    expect(findings(one, { ...one, tenant: 'acme' }, one, { name: 'b', targets: [{ model: 'nothing' }] })).toEqual([
      'STW1008 aliases[2].name',
      'STW1009 aliases[3].targets[0].model',
    ]);
  });

  it('and timeouts leave the plan as it is', () => {
    const plain = defineFleet(fleetInput({ models }));
    const fleet = defineFleet(
      fleetInput({
        models: models.map((one) => ({ ...one, timeoutSeconds: 3 })),
        aliases: [{ name: 'a', targets: [{ model: 'bert' }] }],
      }),
    );
    expect(fleet.models[0]?.timeoutMs).toBe(3000);
    expect(makePlan(fleet, pack({ fleet }))).toEqual(makePlan(plain, pack({ fleet: plain })));
  });
});

import { describe, expect, it } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import { planFleet } from '../../src/project/plan-fleet';
import { planHtml } from '../../src/report/plan-html';
import { planMarkdown } from '../../src/report/plan-markdown';
import { planText } from '../../src/report/plan-text';

const plain = { color: false, width: 100 };

const onDemandFleet = (tenants: number) =>
  defineFleet({
    name: 'shop',
    pools: [{ name: 'cpu', cpu: 16, memory: '64Gi', pricePerNodeHour: 0.68 }],
    tenants: Array.from({ length: tenants }, (_, i) => ({ name: `t${i}`, isolation: 'process' as const })),
    models: Array.from({ length: 120 * tenants }, (_, i) => ({
      name: `m${i}`,
      tenant: `t${i % tenants}`,
      format: 'sklearn',
      storageUri: `s3://models/${i}`,
      memory: '300Mi',
      residency: 'on-demand' as const,
      requestsPerSecond: 0.1 / (1 + i),
    })),
  });

describe('on-demand models in the reports', () => {
  const { plan } = planFleet(onDemandFleet(1));
  const [expected] = plan.onDemand ?? [];

  it('show what is expected of them and the curve, in each form', () => {
    expect(expected).toBeDefined();
    const cold = `${((expected?.coldStartMicro ?? 0) / 1e4).toFixed(1)}%`;
    const half = expected?.curve.find(({ memoryMicro }) => memoryMicro === 500_000)?.coldStartMicro ?? 0;
    for (const report of [planText(plan, plain), planMarkdown(plan), planHtml(plan)]) {
      expect(report).toContain('On-demand models');
      expect(report).toContain(expected?.keptSeconds === null ? 'always' : cold);
      expect(report).toContain(`${(half / 1e4).toFixed(1)}%`);
    }
  });

  it('fit a narrow terminal', () => {
    const longest = Math.max(
      ...planText(plan, { color: false, width: 60 })
        .split('\n')
        .map((line) => line.length),
    );
    expect(longest).toBeLessThanOrEqual(60);
  });

  it('are cut short where there are many classes, and say so', () => {
    const many = planFleet(onDemandFleet(13)).plan;
    expect(planText(many, plain)).toContain('and 3 classes more (--details lists them)');
    expect(planText(many, { ...plain, verbose: true })).not.toContain('classes more');
    expect(planMarkdown(many)).toContain('and 3 classes more');
  });

  it('are not mentioned where there are none', () => {
    const none = { ...plan, onDemand: undefined };
    const { onDemand: _, ...without } = none;
    expect(planText(without, plain)).not.toContain('On-demand');
    expect(planMarkdown(without)).not.toContain('On-demand');
    expect(planHtml(without)).not.toContain('On-demand');
  });
});

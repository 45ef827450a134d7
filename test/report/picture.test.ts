import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/plan/plan';
import { planHtml } from '../../src/report/plan-html';
import { planSvg } from '../../src/report/plan-svg';
import { plannedSmall } from './fleet';

/** Every element closed in its order, attributes quoted, no bare & or <: well-formed enough for any XML parser. */
function wellFormed(svg: string): void {
  const open: string[] = [];
  const rest = svg.replace(/<(\/?)([A-Za-z][\w-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g, (_, end, name, __, self) => {
    if (end === '/') expect(open.pop()).toBe(name);
    else if (self !== '/') open.push(name as string);
    return '';
  });
  expect(open).toEqual([]);
  expect(rest).not.toMatch(/[<>]/);
  expect(svg).not.toMatch(/&(?!amp;|lt;|gt;|quot;|#39;)/);
}

const evil = `<script>alert("1")</script>&'\u0007`;

function enlarged(plan: Plan, times: number): Plan {
  const shards = plan.shards.flatMap((shard) =>
    Array.from({ length: times }, (_, i) => ({ ...shard, id: `${shard.id}${i}` })),
  );
  const pools = plan.pools.map((pool) => ({ ...pool, shards: pool.shards * times }));
  return { ...plan, shards, pools };
}

describe('the picture', () => {
  const { plan } = plannedSmall();

  it('is well-formed, names pools, tenants and budgets, and needs no script', () => {
    const svg = planSvg(plan);
    wellFormed(svg);
    for (const text of ['>l4 (L4)<', '>cpu (CPU only)<', '>acme<', '>press<', '>L4 GPUs<', 'resnet50'])
      expect(svg).toContain(text);
    expect(svg).not.toContain('NaN');
    expect(planSvg(plan)).toBe(svg);
  });

  it('scales to thousands of shards: several are one column, and its height stays', () => {
    const svg = planSvg(enlarged(plan, 3000));
    wellFormed(svg);
    expect(svg).toMatch(/each column stands for \d+ shards/);
    expect(svg.length).toBeLessThan(3_000_000);
    expect(Number(/height="(\d+)/.exec(svg)?.[1])).toBeLessThan(1600);
  });

  it('escapes what users wrote', () => {
    const [pool, ...pools] = plan.pools;
    if (pool === undefined) throw new Error('no pool');
    const hostile: Plan = {
      ...plan,
      fleet: { ...plan.fleet, name: evil },
      pools: [{ ...pool, pool: evil }, ...pools],
      shards: plan.shards.map((shard) => ({
        ...shard,
        pool: shard.pool === pool.pool ? evil : shard.pool,
        models: shard.models.map((model) => `${evil}${model}`),
      })),
    };
    wellFormed(planSvg(hostile));
    const page = planHtml(hostile);
    expect(page).not.toContain('<script');
    expect(page).toContain('&lt;script&gt;');
  });

  it('stands in a page of its own that loads nothing', () => {
    const page = planHtml(plan);
    expect(page).toContain('<svg ');
    expect(page).not.toMatch(/\b(src|href)=/);
    expect(page).not.toMatch(/https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
  });
});

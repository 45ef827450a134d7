import { describe, expect, it } from 'vitest';
import { pack } from '../../src/pack/pack';
import { diffPlans } from '../../src/plan/diff-plans';
import { explainModel } from '../../src/plan/explain';
import { lockOf } from '../../src/plan/lockfile';
import { makePlan } from '../../src/plan/make-plan';
import type { PlanDiff } from '../../src/plan/plan-diff';
import { diffMarkdown } from '../../src/report/diff-markdown';
import { diffText } from '../../src/report/diff-text';
import { explanationMarkdown, explanationText } from '../../src/report/explanation-report';
import { planHtml } from '../../src/report/plan-html';
import { planMarkdown } from '../../src/report/plan-markdown';
import { planSvg } from '../../src/report/plan-svg';
import { planText } from '../../src/report/plan-text';
import { placed } from '../plan/placed';
import { inCopies } from '../support/in-copies';
import { smallFleet } from './fleet';

const plain = { color: false, width: 100 };
const fleet = smallFleet();
const packing = pack({ fleet });
const before = makePlan(fleet, packing);
const plan = makePlan(fleet, inCopies(packing));

describe('reports where models are in several shards', () => {
  it('say how many shards and replica sets there are', () => {
    const said = '8 models on 4 shards of one pod in 3 replica sets, 6 pods';
    expect(planText(plan, plain)).toContain(said);
    expect(planMarkdown(plan)).toContain(said);
    expect(planHtml(plan)).toContain(said);
    expect(planSvg(plan)).toContain(said);
    expect(planText(before, plain)).toContain('8 models on 3 shards, 6 pods');
  });

  it('list moves by copy, and models that are in more or fewer shards', () => {
    const keys = ['culture', 'politics', 'sports'].map((name) => `press/news-${name}@1`);
    const press = { ...fleet, models: fleet.models.filter(({ key }) => keys.includes(key)) };
    const [culture = '', politics = '', sports = ''] = keys;
    const old = placed(press, { [culture]: ['sa', 'sb'], [politics]: ['sa', 'sb'], [sports]: ['sa', 'sb', 'sc'] });
    const now = placed(press, { [culture]: ['sc', 'sd'], [politics]: ['sa', 'sb', 'sd'], [sports]: ['sa', 'sb'] });
    const after = makePlan(press, now, lockOf(press, old));
    const said = '1 model moved (2 copies), 1 in more shards, 1 in fewer shards';
    const text = planText(after, plain);
    expect(text).toContain(`Against the lockfile: ${said}; `);
    expect(text).toContain(`> ${culture}  sa -> sc: `);
    expect(text).toContain(`> ${culture}  sb -> sd: `);
    expect(text).toContain(`* ${politics}  in 2 -> 3 shards`);
    expect(text).toContain(`* ${sports}  in 3 -> 2 shards`);
    const markdown = planMarkdown(after);
    expect(markdown).toContain('**Moves** (2 copies of 1 model)');
    expect(markdown).toContain(`! ${sports}  in 3 -> 2 shards`);
    expect(planHtml(after)).toContain('in 2 → 3 shards');
    const diff = diffPlans(makePlan(press, old), after);
    expect(diffText(diff, plain)).toContain(`* ${politics}  in 2 -> 3 shards`);
    expect(diffText(diff, plain)).toContain(said);
    expect(diffMarkdown(diff)).toContain(`! ${politics}  in 2 -> 3 shards`);
  });

  it('name replica sets among the totals only where they are not simply the shards', () => {
    const row = (diff: PlanDiff) => /^ *replica sets +(\d+) +(\d+)/m.exec(diffText(diff, plain))?.slice(1);
    expect(row(diffPlans(before, plan))).toEqual(['3', '3']);
    const fewer = placed(fleet, Object.fromEntries(fleet.models.map(({ key }) => [key, ['sa']])));
    expect(row(diffPlans(before, makePlan(fleet, fewer)))).toBeUndefined();
    expect(diffMarkdown(diffPlans(before, plan))).toContain('| replica sets | 3 | 3 |');
  });

  it('explain a model over all its shards', () => {
    const explanation = explainModel(fleet, plan, 'news-sports');
    expect(explanationText(explanation, plain)).toMatchSnapshot();
    expect(explanationMarkdown(explanation)).toMatchSnapshot();
    const [shard] = explanation.shards;
    if (shard === undefined) throw new Error('no shard');
    const many = Array.from({ length: 1000 }, (_, i) => ({ ...shard, shard: `s${i}` }));
    const text = explanationText({ ...explanation, shards: many }, { ...plain, width: 60 });
    expect(text).toContain('and 960 more');
    expect(text.split('\n').length).toBeLessThan(80);
  });

  it('draw every shard, and count a model of several in one column once', () => {
    const shards = plan.shards.flatMap((shard) =>
      Array.from({ length: 3000 }, (_, i) => ({ ...shard, id: `${shard.id}${i}` })),
    );
    const pools = plan.pools.map((pool) => ({ ...pool, shards: pool.shards * 3000 }));
    const svg = planSvg({ ...plan, shards, pools });
    expect(svg).toMatch(/<title>\d+ shards, 3 models, memory/);
    expect(planSvg(plan).match(/<title>s\w+: 1 pod, /g)).toHaveLength(4);
  });
});

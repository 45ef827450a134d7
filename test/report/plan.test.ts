import { describe, expect, it } from 'vitest';
import { diagnostic } from '../../src/errors/stowage-error';
import { diffPlans } from '../../src/plan/diff-plans';
import { explainModel } from '../../src/plan/explain';
import { planFleet } from '../../src/project/plan-fleet';
import { diagnosticsText } from '../../src/report/diagnostics-text';
import { diffMarkdown } from '../../src/report/diff-markdown';
import { diffText } from '../../src/report/diff-text';
import { explanationMarkdown, explanationText } from '../../src/report/explanation-report';
import { planMarkdown } from '../../src/report/plan-markdown';
import { planText } from '../../src/report/plan-text';
import { verificationText } from '../../src/report/verification-text';
import { plannedSmall, smallFleet } from './fleet';

const plain = { color: false, width: 100 };

describe('reports of a small fleet', () => {
  const { fleet, plan } = plannedSmall();

  it('as text', () => {
    expect(planText(plan, plain)).toMatchSnapshot();
    expect(planText(plan, { ...plain, verbose: true, width: 72 })).toMatchSnapshot();
  });

  it('as Markdown', () => {
    expect(planMarkdown(plan)).toMatchSnapshot();
  });

  it('as a diff', () => {
    const more = { name: 'added', format: 'sklearn', storageUri: 's3://models/added', memory: '12Gi' };
    const after = planFleet(smallFleet([more])).plan;
    const diff = diffPlans(plan, after);
    expect(diffText(diff, plain)).toMatchSnapshot();
    expect(diffMarkdown(diff)).toMatchSnapshot();
    expect(diffText(diffPlans(plan, plan), plain)).toContain('Nothing changes.');
  });

  it('as an explanation', () => {
    const explanation = explainModel(fleet, plan, 'vit-base');
    expect(explanationText(explanation, plain)).toMatchSnapshot();
    expect(explanationMarkdown(explanation)).toContain('| GPU memory |');
  });
});

describe('findings', () => {
  it('print the advice of a run of like findings once', () => {
    const at = (line: number) => ({ location: { file: 'models.jsonl', line, path: 'memory' } });
    const text = diagnosticsText([diagnostic('STW1007', 'one', at(1)), diagnostic('STW1007', 'two', at(2))], plain);
    expect(text).toBe(
      'error STW1007 models.jsonl:1 memory: one\nerror STW1007 models.jsonl:2 memory: two\n  hint: Write for example 16Gi, 500m or 1.5.\n',
    );
  });

  it('cannot drive the terminal', () => {
    expect(diagnosticsText([diagnostic('STW1004', 'name is "\u001b[2Jgone"')], plain)).not.toContain('\u001b');
  });

  it('of a verification end in a verdict', () => {
    const checked = { models: 2, shards: 1, classes: 1 };
    expect(verificationText({ ok: true, findings: [], checked }, plain)).toBe(
      'sound: re-derived from the declaration, 2 models, 1 shard, 1 sharing class\n',
    );
    const findings = [diagnostic('STW2103', 'too much')];
    expect(verificationText({ ok: false, findings, checked }, plain)).toContain('not sound: 1 error');
  });
});

describe('Markdown of a large plan', () => {
  const { plan } = plannedSmall();

  it('keeps to 60,000 bytes, drops whole sections and says which', () => {
    const moved = Array.from({ length: 5000 }, (_, i) => ({
      model: `default/a-model-with-a-long-name-${i}@1`,
      from: 'saaaaaaa',
      to: 'sbbbbbbb',
      reason: 'no-longer-fits' as const,
    }));
    const added = Array.from({ length: 5000 }, (_, i) => `${'x'.repeat(400)}/new-${i}@1`);
    const large = { ...plan, changes: { ...plan.changes, against: 'lockfile' as const, added, moved } };
    const text = planMarkdown(large);
    expect(Buffer.byteLength(text, 'utf8')).toBeLessThanOrEqual(60_000);
    expect(text).toContain('5,000 models added, 5,000 moved');
    expect(text).toContain('and 4,950 more');
    expect(text).toMatch(/_Left out for length: .*the list of models/);
    expect(text.match(/<details/g)?.length).toBe(text.match(/<\/details>/g)?.length);
  });

  it('lets no name break out of its place', () => {
    const evil = '`|</details> @everyone **x**';
    const text = planMarkdown({ ...plan, fleet: { ...plan.fleet, name: evil } });
    expect(text).not.toContain('</details> @everyone');
    expect(text.split('\n')[0]).toMatch(/^<!-- stowage:plan fleet=detailseveryonex schema=1 plan=[0-9a-f]{64} -->$/);
  });
});

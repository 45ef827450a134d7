import { describe, expect, it } from 'vitest';
import type { Conflict, ConflictingModels } from '../../src/plan/conflict/conflict';
import { conflictDiagnostic } from '../../src/report/conflict-facts';
import { conflictMarkdown, conflictText } from '../../src/report/conflict-report';

const group: ConflictingModels = {
  tenant: 'acme',
  runtime: 'triton',
  base: null,
  group: 'acme',
  nodeIsolated: true,
  pools: ['l4'],
  zones: [],
  keys: ['acme/a@1', 'acme/b@1', 'acme/c@1', 'acme/d@1'],
  of: 9,
};

const conflict: Conflict = {
  verdict: 'proven',
  budgets: [{ budget: 'gpus.L4', unit: 'count', limit: 1, used: 4, least: 3 }],
  models: [group],
  setProven: true,
  minimal: true,
  alsoBroken: [],
  relaxations: [
    {
      kind: 'raise',
      budgets: [{ budget: 'costPerHour', unit: 'microdollars', from: 1_000_000, to: 2_344_001 }],
      costMicrosPerHour: 2_344_001,
    },
    {
      kind: 'raise',
      budgets: [
        { budget: 'memory', unit: 'bytes', from: 2 ** 30, to: 2 ** 30 + 2 ** 20 + 1 },
        { budget: 'cpu', unit: 'millicores', from: 1000, to: 123_456 },
      ],
      costMicrosPerHour: 3_000_000,
    },
    { kind: 'allow-pool', pool: 'h100', models: ['acme/a@1'], costMicrosPerHour: 9_000_000 },
    { kind: 'drop-models', models: group.keys, costMicrosPerHour: 1_000_000 },
  ],
  allTried: true,
  packings: 12,
};

describe('a conflict', () => {
  it('says as text which budget, by how much, whose models, and what would help at what cost', () => {
    expect(conflictText(conflict, { color: false, width: 100 })).toMatchSnapshot();
  });

  it('rounds no limit down that it says is enough', () => {
    const text = conflictText(conflict, { color: false, width: 100 });
    expect(text).toContain('from $1.00/h to $2.35/h');
    expect(text).toContain('memory from 1 GiB to 1,026 MiB');
    expect(text).toContain('CPU from 1 core to 123456m');
  });

  it('fits the terminal', () => {
    for (const width of [40, 60, 100]) {
      const longest = Math.max(
        ...conflictText(conflict, { color: false, width })
          .split('\n')
          .map((line) => [...line].length),
      );
      expect(longest).toBeLessThanOrEqual(width);
    }
  });

  it('in Markdown calls nobody and breaks no table', () => {
    const text = conflictMarkdown({ ...conflict, models: [{ ...group, tenant: '@team|x' }] });
    expect(text).not.toMatch(/(^|\W)@team/);
    expect(text).toContain('@\u200bteam\\|x');
    expect(text).toContain('| allow the pool h100 for 1 model: acme/a');
  });

  it('is one finding whose advice is the first relaxation', () => {
    expect(conflictDiagnostic(conflict)).toMatchObject({
      code: 'STW3010',
      message: expect.stringContaining('4 of 9 models of tenant acme (nodes of its own)'),
      hint: 'Raise the limit of cost from $1.00/h to $2.35/h: the plan then costs $2.34/h.',
    });
    const undecided = conflictDiagnostic({ ...conflict, verdict: 'undecided', relaxations: [], allTried: false });
    expect(undecided).toMatchObject({ code: 'STW3011', hint: expect.stringContaining('not all changes were tried') });
  });
});

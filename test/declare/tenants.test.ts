import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import type { TenantInput } from '../../src/declare/input';
import { StowageError } from '../../src/errors/stowage-error';
import { diagnosticsOf, fleetInput } from './support';

const tenantsOf = (tenants: readonly TenantInput[]) => defineFleet(fleetInput({ tenants })).tenants;
const problems = (tenants: readonly TenantInput[]) =>
  diagnosticsOf(() => tenantsOf(tenants)).map(({ code, location }) => `${code} ${location?.path}`);

describe('isolation groups', () => {
  it('are the tenants’ own unless given', () => {
    expect(
      tenantsOf([
        { name: 'acme', isolation: 'process' },
        { name: 'bank', isolation: 'node', group: 'finance' },
        { name: 'fund', isolation: 'node', group: 'finance' },
        { name: 'open' },
      ]),
    ).toEqual([
      { name: 'acme', isolation: 'process', group: 'acme' },
      { name: 'bank', isolation: 'node', group: 'finance' },
      { name: 'default', isolation: 'shared', group: 'shared' },
      { name: 'fund', isolation: 'node', group: 'finance' },
      { name: 'open', isolation: 'shared', group: 'shared' },
    ]);
  });

  it('never meet for names that look alike', () => {
    const names = ['A_b', 'a-b', 'a_b', 'a.b', 'A-B', `${'x'.repeat(63)}a`, `${'x'.repeat(63)}b`, 'x'.repeat(128)];
    const groups = tenantsOf(names.map((name) => ({ name, isolation: 'process' as const })))
      .filter((tenant) => tenant.isolation === 'process')
      .map((tenant) => tenant.group);
    expect(new Set(groups).size).toBe(names.length);
    for (const group of groups) expect(group).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
  });

  it('keep tenants apart whatever is declared, or refuse it', () => {
    const name = fc.constantFrom('shared', 'a', 'b', 'A', 'a.b', 'a-b', 'A_b');
    const tenant = fc.record(
      {
        name,
        isolation: fc.constantFrom('shared' as const, 'process' as const, 'node' as const),
        group: fc.constantFrom('shared', 'a', 'b', 'a-b'),
      },
      { requiredKeys: ['name'] },
    );
    fc.assert(
      fc.property(fc.uniqueArray(tenant, { maxLength: 6, selector: (entry) => entry.name }), (inputs) => {
        let tenants: ReturnType<typeof tenantsOf>;
        try {
          tenants = tenantsOf(inputs);
        } catch (error) {
          if (!StowageError.is(error)) throw error;
          expect(error.diagnostics.every((finding) => finding.code === 'STW1018')).toBe(true);
          return;
        }
        const asked = new Map<string, TenantInput>(inputs.map((input) => [input.name, input]));
        for (const one of tenants) {
          for (const other of tenants) {
            if (one.name === other.name || one.group !== other.group) continue;
            expect(one.isolation).toBe(other.isolation);
            if (one.isolation === 'shared') continue;
            expect(asked.get(one.name)?.group).toBeDefined();
            expect(asked.get(one.name)?.group).toBe(asked.get(other.name)?.group);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  it.each<[string, readonly TenantInput[], string]>([
    ['the shared group, given', [{ name: 'a', isolation: 'process', group: 'shared' }], 'tenants[0].group'],
    ['the shared group, by name', [{ name: 'shared', isolation: 'node' }], 'tenants[0].name'],
    ['a group without isolation', [{ name: 'a', group: 'g' }], 'tenants[0].group'],
    [
      'the group of another that did not give it',
      [
        { name: 'a', isolation: 'process' },
        { name: 'b', isolation: 'process', group: 'a' },
      ],
      'tenants[1].group',
    ],
    [
      'one group at two levels',
      [
        { name: 'a', isolation: 'process', group: 'g' },
        { name: 'b', isolation: 'node', group: 'g' },
      ],
      'tenants[1].group',
    ],
  ])('refuse %s', (_, tenants, path) => {
    expect(problems(tenants)).toEqual([`STW1018 ${path}`]);
  });
});

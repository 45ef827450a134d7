import { createHash } from 'node:crypto';
import { byCodePoint, type Findings } from './findings';
import type { Tenant } from './fleet';
import type { TenantInput } from './input';
import type { At } from './located';

/** The group of every tenant at level `shared`; no isolated tenant may be in it. */
export const sharedGroup = 'shared';

/**
 * Tenants with the group that each shares in, sorted by name. Two isolated tenants are in one group only where both
 * give it; whatever would mix them otherwise is a finding (STW1018).
 */
export function resolveTenants(inputs: readonly TenantInput[], at: At, findings: Findings): readonly Tenant[] {
  const tenants = inputs.map(
    (input): Tenant => ({
      name: input.name,
      isolation: input.isolation ?? 'shared',
      group: (input.isolation ?? 'shared') === 'shared' ? sharedGroup : (input.group ?? ownGroup(input.name)),
    }),
  );
  const owners = new Map<string, number>();
  tenants.forEach((tenant, i) => {
    const given = inputs[i]?.group;
    const report = (message: string, hint: string) =>
      findings.add('STW1018', message, at('tenants', i, given === undefined ? 'name' : 'group'), hint);
    if (tenant.isolation === 'shared') {
      if (given !== undefined)
        report(
          `tenant "${tenant.name}" gives the group "${given}" but is not isolated`,
          'Set isolation to process or node, or leave the group out.',
        );
      return;
    }
    if (tenant.group === sharedGroup) {
      report(
        `the isolated tenant "${tenant.name}" would be in the group "${sharedGroup}", where all tenants without isolation are`,
        'Give it another group.',
      );
      return;
    }
    const k = owners.get(tenant.group);
    const other = k === undefined ? undefined : tenants[k];
    if (k === undefined || other === undefined) owners.set(tenant.group, i);
    else if (other.name === tenant.name) return;
    else if (given === undefined || inputs[k]?.group === undefined) {
      const silent = given === undefined ? tenant : other;
      report(
        `tenants "${other.name}" and "${tenant.name}" would share the group "${tenant.group}", which "${silent.name}" does not give`,
        `Give "${silent.name}" the group too if they may share; otherwise choose another.`,
      );
    } else if (other.isolation !== tenant.isolation) {
      report(
        `tenants "${other.name}" (${other.isolation}) and "${tenant.name}" (${tenant.isolation}) are in the group "${tenant.group}" with different isolation`,
        'Tenants of one group need the same isolation.',
      );
    }
  });
  return tenants.sort((a, b) => byCodePoint(a.name, b.name));
}

/** A tenant's name where it is a DNS label; otherwise made one, with a digest so that no two names meet. */
function ownGroup(tenant: string): string {
  if (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(tenant)) return tenant;
  const readable = tenant
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, '-')
    .slice(0, 46);
  return `${readable}-${createHash('sha256').update(tenant).digest('hex').slice(0, 16)}`;
}

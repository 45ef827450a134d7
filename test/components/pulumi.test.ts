import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FleetInput } from '../../src/declare/input';
import { fleets } from './fleets';
import { known, runPulumi } from './pulumi-run';

const small: FleetInput = {
  name: 'small',
  pools: [{ name: 'cpu', cpu: 16, memory: '64Gi' }],
  models: [
    { name: 'a', format: 'sklearn', storageUri: 's3://models/a' },
    { name: 'b', format: 'sklearn', storageUri: 's3://models/b' },
  ],
};
const added = { name: 'c', format: 'sklearn', storageUri: 's3://models/c' };

let directory: string;
let lockfile: string;
const errors: string[] = [];
const warnings: string[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stowage-pulumi-'));
  lockfile = join(directory, 'stowage.lock');
  vi.stubEnv('CI', '');
  vi.spyOn(pulumi.log, 'error').mockImplementation(async (text) => void errors.push(text));
  vi.spyOn(pulumi.log, 'warn').mockImplementation(async (text) => void warnings.push(text));
});
afterEach(() => {
  errors.length = 0;
  warnings.length = 0;
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true });
});

describe('resources', () => {
  it('are typed, named by shard and parented to one component', async () => {
    const { fleet, resources } = await runPulumi({
      fleet: fleets['gateway, secret, tenants, zones']?.() ?? small,
      lock: 'off',
    });
    expect(resources[0]).toMatchObject({ type: 'stowage:index:Fleet', name: 'models' });
    const types = new Set(resources.map(({ type }) => type));
    expect(types).toContain('kubernetes:apps/v1:Deployment');
    expect(types).toContain('kubernetes:core/v1:ConfigMap');
    expect(types).toContain('kubernetes:gateway.networking.k8s.io/v1:HTTPRoute');
    const names = resources.filter(({ type }) => type === 'kubernetes:apps/v1:Deployment').map(({ name }) => name);
    for (const shard of fleet.plan.shards) expect(names).toContain(`models-${shard.id}`);
    const identities = resources.map(({ type, name }) => `${type} ${name}`);
    expect(new Set(identities).size).toBe(identities.length);
  });

  it('are as many for two thousand models as for two: none is made for a model', async () => {
    const models = Array.from({ length: 2000 }, (_, i) => ({ ...added, name: `m${i}`, memory: '1Mi' }));
    const few = await runPulumi({ fleet: small, lock: 'off' });
    const many = await runPulumi({ fleet: { ...small, models }, lock: 'off' });
    expect(many.fleet.plan.summary.shards).toBeLessThan(10);
    const each = few.resources.length / few.fleet.plan.summary.shards;
    expect(many.resources.length).toBeLessThanOrEqual(each * many.fleet.plan.summary.shards);
  });
});

describe('outputs', () => {
  it('give the address of the router and the totals of the plan', async () => {
    const { fleet } = await runPulumi({ fleet: small, lock: 'off' });
    expect(await known(fleet.endpoint)).toMatch(/^http:\/\/small[a-z-]*\.small\.svc:\d+$/);
    expect(await known(fleet.summary)).toMatchObject({ models: 2, shards: 1 });
  });
});

describe('overrides', () => {
  it('take plain strings and outputs alike', async () => {
    const plain = { namespace: 'elsewhere', agentImage: 'registry.example.com/agent:2' };
    const late = {
      namespace: pulumi.output('elsewhere'),
      agentImage: pulumi.output(Promise.resolve('registry.example.com/agent:2')),
    };
    const a = await runPulumi({ fleet: small, lock: 'off', ...plain });
    const b = await runPulumi({ fleet: small, lock: 'off', ...late });
    expect(b.resources).toEqual(a.resources);
    const text = JSON.stringify(b.resources);
    expect(text).toContain('registry.example.com/agent:2');
    expect(text).not.toContain('stowage-late');
    expect(await known(b.fleet.endpoint)).toBe(await known(a.fleet.endpoint));
    expect(await known(b.fleet.endpoint)).toContain('.elsewhere.svc:');
  });
});

describe('the lockfile', () => {
  it('is not written by a preview, and by an update only', async () => {
    await runPulumi({ fleet: small, lockfile });
    expect(existsSync(lockfile)).toBe(false);
    await runPulumi({ fleet: small, lockfile }, { preview: false });
    expect(readFileSync(lockfile, 'utf8')).toContain('default/a@1');
  });

  it('keeps locked models where they are', async () => {
    const before = await runPulumi({ fleet: small, lockfile }, { preview: false });
    const after = await runPulumi({ fleet: { ...small, models: [added, ...(small.models ?? [])] }, lockfile });
    expect(after.fleet.plan.changes).toMatchObject({ added: ['default/c@1'], moved: [] });
    expect(after.fleet.plan.shards[0]?.id).toBe(before.fleet.plan.shards[0]?.id);
  });

  it('must be current where CI is set, if there is one', async () => {
    vi.stubEnv('CI', 'true');
    await runPulumi({ fleet: small, lockfile }, { preview: false });
    await runPulumi({ fleet: small, lockfile }, { preview: false });
    await expect(runPulumi({ fleet: { ...small, models: [added] }, lockfile })).rejects.toThrow('STW5103');
  });

  it('must be there and current when frozen', async () => {
    await expect(runPulumi({ fleet: small, lockfile, lock: 'frozen' })).rejects.toThrow('STW5103');
  });

  it('lies beside the fleet file unless given', async () => {
    writeFileSync(join(directory, 'fleet.json'), JSON.stringify(small));
    await runPulumi({ fleet: join(directory, 'fleet.json') }, { preview: false });
    expect(existsSync(lockfile)).toBe(true);
  });

  it('is left alone when off', async () => {
    await runPulumi({ fleet: small, lockfile, lock: 'off' }, { preview: false });
    expect(existsSync(lockfile)).toBe(false);
  });
});

describe('findings', () => {
  it('are logged one by one on the resource and end the program without a stack', async () => {
    const models = [added, { ...added, name: 'd', replicas: -1 }, { ...added, name: 'e', format: 'none' }];
    const failed = runPulumi({ fleet: { ...small, models }, lockfile });
    await expect(failed).rejects.toSatisfy(
      (error: unknown) => pulumi.ResourceError.isInstance(error) && error.hideStack === true,
    );
    await expect(failed).rejects.toThrow('the fleet has 2 errors');
    expect(errors).toHaveLength(2);
    expect(errors.join('\n')).toMatch(/STW1007[\s\S]*STW1010/);
    expect(errors.join('\n')).not.toContain('    at ');
  });

  it('include each hard budget that breaks; one that only warns is a warning', async () => {
    const hard = runPulumi({ fleet: { ...small, budgets: { pods: 1, ips: 1 } }, lockfile }, { preview: false });
    await expect(hard).rejects.toThrow('STW5105');
    expect(errors).toHaveLength(3);
    expect(errors.at(-1)).toMatch(/STW3010.*Raise the limit/s);
    expect(existsSync(lockfile)).toBe(false);
    await runPulumi({ fleet: { ...small, budgets: { pods: { limit: 1, enforcement: 'warn' } } }, lock: 'off' });
    expect(warnings.join('\n')).toMatch(/pods/);
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { mockPulumi, type Registered, settled } from '../components/pulumi-run';

const root = join(__dirname, '..', '..');
const before = process.cwd();
beforeAll(() => process.chdir(join(root, 'examples', 'quickstart')));
afterAll(() => process.chdir(before));

it('is what Pulumi runs from the root', () => {
  const project = parse(readFileSync(join(root, 'Pulumi.yaml'), 'utf8')) as Record<string, unknown>;
  expect(project).toMatchObject({ runtime: 'nodejs', main: 'examples/quickstart' });
});

it('registers the fleet in a namespace of its own', { timeout: 180_000 }, async () => {
  const resources: Registered[] = [];
  await mockPulumi(resources, true);
  const { endpoint, pods } = await import('../../examples/quickstart/index.js');
  await settled(() => resources.length);
  const types = resources.map(({ type }) => type);
  expect(types).toContain('kubernetes:core/v1:Namespace');
  expect(types).toContain('stowage:index:Fleet');
  expect(types.filter((type) => type === 'kubernetes:apps/v1:Deployment')).toHaveLength(2);
  const values = await new Promise((resolve) => void pulumi.all([endpoint, pods]).apply(resolve));
  expect(values).toEqual([expect.stringMatching(/^http:\/\/[a-z-]+\.quickstart\.svc:\d+$/), 3]);
});

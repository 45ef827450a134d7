import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { UseBed } from '../bed';
import { generalNode } from '../nodes';
import { PulumiStack } from '../pulumi';

const program = join(__dirname, '..', 'programs', 'provider');
const namespace = 'provider-try';

/** The stand-in provider must behave like the real one, or the tests that use it prove nothing. */
export function providerSuite({ bed: theBed, beforeAll: prepare }: UseBed): void {
  describe('the provider that the engine drives', () => {
    let stack: PulumiStack;
    prepare(async () => {
      await theBed().setNodes([generalNode()]);
      stack = await PulumiStack.create(theBed(), program);
    });
    afterAll(() => stack?.remove());

    const choose = (value: string, image: string, app: string) => ({
      BED_PROGRAM: JSON.stringify({ value, image, app }),
      // The checkout's own type check covers this program.
      PULUMI_NODEJS_TRANSPILE_ONLY: 'true',
    });
    const uidOf = async (kind: string, name: string) =>
      (await theBed().list(kind, namespace)).find(({ metadata }) => metadata.name === name)?.metadata.uid;

    test('creates, updates in place, replaces what is immutable, sees drift, and deletes', async () => {
      const bed = theBed();
      expect(await stack.up(program, { env: choose('1', 'server:1', 'a') })).toEqual({ create: 4 });
      expect(await stack.outputs()).toMatchObject({ available: 2 });
      expect(await stack.up(program, { env: choose('1', 'server:1', 'a'), expectNoChanges: true })).toEqual({
        same: 4,
      });

      const [table, server] = [await uidOf('configmaps', 'table'), await uidOf('deployments', 'server')];
      expect(await stack.up(program, { env: choose('2', 'server:2', 'a') })).toMatchObject({ update: 2 });
      expect(await uidOf('deployments', 'server')).toBe(server);

      const steps = await stack.preview(program, choose('2', 'server:2', 'b'));
      expect(steps.filter(({ op }) => op === 'replace').map(({ name }) => name)).toEqual(['server']);
      await stack.up(program, { env: choose('2', 'server:2', 'b') });
      expect(await uidOf('deployments', 'server')).not.toBe(server);

      await bed.kubectl(['--namespace', namespace, 'delete', 'configmap', 'table']);
      expect(await stack.refresh(program, choose('2', 'server:2', 'b'))).toMatchObject({ delete: 1 });
      expect(await stack.up(program, { env: choose('2', 'server:2', 'b') })).toMatchObject({ create: 1 });
      expect(await uidOf('configmaps', 'table')).not.toBe(table);

      await expect(stack.preview(program, choose('2', '', 'b'))).rejects.toThrow(/image: Required value/);

      await stack.destroy(program);
      expect((await bed.list('namespaces', null)).map(({ metadata }) => metadata.name)).not.toContain(namespace);
    });
  });
}

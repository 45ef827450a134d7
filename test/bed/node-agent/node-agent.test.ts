import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { removeDirectories, temporaryDirectory, until } from '../../local/support';
import { ContainerRun } from './container-run';
import { environmentOf, fillIn } from './environment';
import type { KubeClient } from './kube-client';
import type { Container, Pod, ProjectedSource } from './objects';
import { hastened } from './probe';
import { PodVolumes } from './volumes';

afterAll(removeDirectories);

const container: Container = {
  name: 'server',
  image: 'server:1',
  env: [
    { name: 'UID', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } },
    { name: 'SHARD', valueFrom: { fieldRef: { fieldPath: "metadata.labels['stowage.dev/shard']" } } },
    { name: 'BOTH', value: '$(SHARD)-$(UID)-$(NOBODY)-$$(UID)' },
  ],
  volumeMounts: [
    { name: 'table', mountPath: '/etc/table' },
    { name: 'scratch', mountPath: '/tmp' },
  ],
};
const sources: readonly ProjectedSource[] = [
  { configMap: { name: 'part-0' } },
  { configMap: { name: 'part-1', optional: true } },
];
const pod: Pod = {
  metadata: { name: 'p', namespace: 'n', uid: 'u', labels: { 'stowage.dev/shard': 's1' } },
  spec: {
    containers: [container],
    volumes: [
      { name: 'table', projected: { sources } },
      { name: 'scratch', emptyDir: {} },
    ],
  },
};

describe('the node agent does as a kubelet does', () => {
  it('fills variables in, from those before them and from the pod', () => {
    expect(environmentOf(container, pod, '127.0.0.9')).toEqual({
      UID: 'u',
      SHARD: 's1',
      BOTH: 's1-u-$(NOBODY)-$(UID)',
    });
    expect(fillIn('--name=$(UID)', { UID: 'u' })).toBe('--name=u');
  });

  it('swaps all files of a volume at once, and takes away those that are gone', async () => {
    const folder = temporaryDirectory();
    const volumes = new PodVolumes(pod, '127.0.0.9', folder, null as unknown as KubeClient);
    await expect(volumes.sync(new Map())).rejects.toThrow('part-0');
    await volumes.sync(new Map([['part-0', { 'a.jsonl': '1' }]]));
    const table = volumes.hostPath(container, '/etc/table');
    expect(readFileSync(join(table, 'a.jsonl'), 'utf8')).toBe('1');
    const version = readlinkSync(join(table, '..data'));
    const next = new Map([
      ['part-0', { 'b.jsonl': '2' }],
      ['part-1', { 'c.jsonl': '3' }],
    ]);
    await volumes.sync(next);
    await volumes.sync(next);
    expect(readdirSync(table).filter((name) => !name.startsWith('..'))).toEqual(['b.jsonl', 'c.jsonl']);
    expect(readFileSync(join(table, 'c.jsonl'), 'utf8')).toBe('3');
    expect(readdirSync(table)).not.toContain(version);
    expect(volumes.hostPath(container, '/tmp/x')).toBe(join(folder, 'scratch/x'));
    expect(volumes.hostPath(container, '/tmpx')).toBe('/tmpx');
  });

  it('keeps the patience of a probe that comes more often', () => {
    const probe = { periodSeconds: 10, failureThreshold: 12 };
    expect(hastened(probe, 1)).toEqual({ periodSeconds: 1, failureThreshold: 120 });
    expect(hastened({ ...probe, periodSeconds: 1 }, 5)).toEqual({ ...probe, periodSeconds: 1 });
  });

  it('starts a container again that ended, and ends one that does not heed SIGTERM after its grace', async () => {
    const log = join(temporaryDirectory(), 'log');
    const env = { PATH: process.env.PATH ?? '' };
    const run = new ContainerRun({
      ...{ container, log, address: '127.0.0.1', probeSeconds: 1, graceMs: 1_000 },
      command: { argv: ['/bin/sh', '-c', 'echo begun; trap "echo told" TERM; while :; do sleep 0.1; done'], env },
      guard: (argv) => [...argv],
      onChange: () => undefined,
      onNote: () => undefined,
    });
    const begun = () =>
      readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line === 'begun').length;
    run.start();
    await until(() => begun() === 1);
    process.kill(run.pid ?? 0, 'SIGKILL');
    await until(() => begun() === 2);
    expect(run.status()).toMatchObject({ restartCount: 1, ready: true, lastState: { terminated: { exitCode: 137 } } });
    await run.stop(500);
    expect(run.pid).toBeNull();
    expect(readFileSync(log, 'utf8')).toContain('told');
    expect(run.status()).toMatchObject({ ready: false, state: { terminated: { reason: 'SIGKILL' } } });
  });
});

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Adapter } from '../../src/agent/adapters/adapter';
import { Journal } from '../../src/agent/journal';
import { Manager } from '../../src/agent/manager';
import { AgentMetrics } from '../../src/agent/metrics';
import { Store } from '../../src/agent/storage/store';
import type { ModelTableEntry } from '../../src/render/model-table';
import { until } from './support/parts';
import { entry, tableOf } from './support/tables';

let root: string;
const managers: Manager[] = [];
const log: string[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'stowage-manager-'));
  log.length = 0;
});
afterEach(async () => {
  for (const manager of managers.splice(0)) await manager.stop();
  rmSync(root, { recursive: true, force: true });
});

function model(name: string, version: string): ModelTableEntry {
  const folder = join(root, 'artifacts', `${name}-${version}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'file'), version);
  return entry({ name, uri: `file://${folder}` });
}

/** A server that holds what it is given, once `load` has ended well; it needs the files. */
class PlainServer implements Adapter {
  readonly keepsOnFailure = true;
  readonly held = new Map<string, string>();

  constructor(private readonly during: (entry: ModelTableEntry) => Promise<void>) {}

  async prepare(): Promise<void> {}

  async state(): Promise<'up'> {
    return 'up';
  }

  async holding(served: readonly string[]): Promise<ReadonlySet<string>> {
    return new Set(served.filter((name) => this.held.has(name)));
  }

  async load(model: ModelTableEntry, files: string): Promise<void> {
    await this.during(model);
    if (!existsSync(join(files, 'file'))) throw new Error('no files');
    this.held.set(model.served, model.storageUri);
  }

  async unload(served: string): Promise<void> {
    this.held.delete(served);
  }
}

async function started(adapter: Adapter, models: readonly ModelTableEntry[]): Promise<Manager> {
  const metrics = new AgentMetrics(
    { fleet: 'test', shard: 's1' },
    () => [],
    () => 0,
  );
  const times = { loadTimeoutMs: 10_000, fetchTimeoutMs: 10_000, probeSeconds: 20 };
  const manager = new Manager({ ...times, metrics, log: (_, message) => log.push(message) });
  managers.push(manager);
  manager.setTable(tableOf(models, 100));
  const folder = join(root, 'models', '.stowage');
  const credentials = async () => null;
  const store = new Store({ root: folder, credentials, claims: '/nowhere', capacityBytes: () => 1e9 });
  await manager.start({ adapter, store, journal: new Journal(folder), memory: async () => null });
  return manager;
}

describe('files that change while the model is being loaded', () => {
  it('are loaded after it', async () => {
    const [first, second] = [model('a', '1'), model('a', '2')];
    let manager: Manager | null = null;
    const server = new PlainServer(async ({ storageUri }) => {
      if (storageUri === first.storageUri) manager?.setTable(tableOf([second], 100));
      else await sleep(200);
    });
    manager = await started(server, [first]);
    await until('the second is loaded', async () => server.held.get('t~a~1') === second.storageUri, 5000);
    expect(log).not.toContain('load failed');
  });
});

describe('a pod whose server refuses its models', () => {
  const refusing = () =>
    new PlainServer(async () => {
      throw new Error('refused');
    });

  it('is not ready, and says so once', async () => {
    const manager = await started(refusing(), [model('a', '1')]);
    await until('it was tried twice', async () => log.filter((line) => line === 'load failed').length >= 2);
    expect(manager.core.ready).toBe(false);
    expect(log.filter((line) => line.startsWith('the pod is'))).toEqual([
      'the pod is not ready: too many models cannot be loaded',
    ]);
  });

  it('is ready where an agent before this one was', async () => {
    const before = await started(new PlainServer(async () => {}), [model('a', '1')]);
    await until('it is ready', async () => before.core.ready);
    await before.stop();
    const after = await started(refusing(), [model('a', '1')]);
    await until('it is ready', async () => after.core.ready);
    expect(log).toContain('load failed');
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MlserverAdapter } from '../../src/agent/adapters/mlserver';
import { readSettings } from '../../src/agent/settings';
import { Store } from '../../src/agent/storage/store';
import { TableChoice } from '../../src/agent/table-choice';
import { type ErrorCode, errorRegistry } from '../../src/errors/registry';
import { diagnostic } from '../../src/errors/stowage-error';
import { entry, headerOf, partOf } from '../agent/support/tables';

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'stowage-trigger-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const fetchModel = (uri: string, capacityBytes = 2 ** 30): Promise<number> =>
  inFolder(async (root) => {
    const store = new Store({ root, credentials: async () => null, claims: root, capacityBytes: () => capacityBytes });
    await store.open();
    return store.fetch(entry({ name: 'a', uri }), AbortSignal.timeout(10_000));
  });

async function served<T>(work: (origin: string) => Promise<T>): Promise<T> {
  const server = createServer((_, response) => response.end('something'));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  try {
    return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.close();
  }
}

/** The diagnostics that stand in a reason, which is how routers learn of them. */
function toldIn(reason: string | null) {
  const [, code = ''] = /^(STW\d{4}): /.exec(reason ?? '') ?? [];
  return code in errorRegistry ? [diagnostic(code as ErrorCode, reason ?? '')] : [];
}

/** Each code of the agent, and a call that reports it. */
export const triggers: Record<string, () => unknown> = {
  STW6101: () => fetchModel('ftp://host/model'),
  STW6102: () => fetchModel('file:///nowhere/at/all'),
  STW6103: () => served((origin) => fetchModel(`${origin}/model.bin#sha256=${'0'.repeat(64)}`)),
  STW6104: () => served((origin) => fetchModel(`${origin}/model.bin`, 4)),
  STW6105: () =>
    inFolder(async (repository) => {
      const server = { host: '127.0.0.1', http: 1, grpc: 1, metrics: null, repository, adminToken: null };
      const adapter = new MlserverAdapter(server);
      await adapter.load(entry({ name: 'a', format: 'unknown' }), repository, { reload: false, timeoutMs: 1000 });
    }),
  STW6106: () => readSettings({}),
  STW6107: () => {
    const choice = new TableChoice({ fleet: 'test', shard: 's2' });
    return toldIn(choice.mount(partOf(headerOf(1), []), 0));
  },
};

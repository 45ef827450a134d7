import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ServerAddress } from '../../src/agent/adapters/adapter';
import { OpenvinoAdapter } from '../../src/agent/adapters/openvino';
import { VllmAdapter } from '../../src/agent/adapters/vllm';
import { entry } from './support/tables';

/**
 * vLLM needs a GPU and OpenVINO Model Server is in neither npm nor PyPI: these are stand-ins that answer as their
 * documentation says, no proof that the real ones do.
 */
let root: string;
let server: Server;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'stowage-fake-'));
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
  rmSync(root, { recursive: true, force: true });
});

/** Null: never. */
type Answer = (method: string, path: string, body: Record<string, string>) => readonly [number, unknown] | null;

async function serve(answer: Answer): Promise<ServerAddress> {
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      const answered = answer(request.method ?? '', request.url ?? '', text === '' ? {} : JSON.parse(text));
      if (answered === null) return;
      const [status, body] = answered;
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return { host: '127.0.0.1', http: port, grpc: null, metrics: null, repository: root, adminToken: null };
}

const options = { reload: false, timeoutMs: 5000 };
const signal = () => AbortSignal.timeout(5000);
const model = (name: string) => entry({ name });

it('loads and unloads LoRA adapters as vLLM documents it', async () => {
  const loaded = new Map<string, string>();
  const adapter = new VllmAdapter(
    await serve((_, path, { lora_name = '', lora_path = '' }) => {
      if (path === '/health') return [200, {}];
      if (path === '/v1/models') return [200, { data: ['base', ...loaded.keys()].map((id) => ({ id })) }];
      if (path === '/v1/unload_lora_adapter') return loaded.delete(lora_name) ? [200, {}] : [404, {}];
      if (loaded.has(lora_name)) return [400, { error: { message: 'already loaded' } }];
      if (lora_path.endsWith('broken')) return [404, { error: { message: 'No adapter found' } }];
      loaded.set(lora_name, lora_path);
      return [200, 'Success'];
    }),
  );
  expect(await adapter.state()).toBe('up');
  await adapter.load(model('a'), '/files/1', options);
  await adapter.load(model('a'), '/files/2', options);
  expect([...loaded]).toEqual([['t~a~1', '/files/2']]);
  await expect(adapter.load(model('b'), '/files/broken', options)).rejects.toThrow('STW6105: vLLM: No adapter found');
  expect(await adapter.holding(['t~a~1', 't~b~1'])).toEqual(new Set(['t~a~1']));
  await adapter.unload('t~a~1', signal());
  await adapter.unload('t~a~1', signal());
  expect(await adapter.holding(['t~a~1'])).toEqual(new Set());
});

describe('OpenVINO Model Server', () => {
  const served = new Map<string, string>();
  const broken = new Set<string>();
  let mute = false;
  let deaf = false;

  async function openvino(): Promise<OpenvinoAdapter> {
    served.clear();
    broken.clear();
    [mute, deaf] = [false, false];
    const address = await serve((_, path) => {
      if (path === '/v2/health/live') return [200, {}];
      if (mute) return [500, { error: 'Retrieving all model statuses failed. Check server logs for more info.' }];
      if (deaf && path === '/v1/config/reload') return null;
      if (path === '/v1/config/reload') {
        const { model_config_list: items } = JSON.parse(readFileSync(join(root, 'config.json'), 'utf8'));
        served.clear();
        broken.clear();
        for (const { config } of items) {
          const ok = readdirSync(join(config.base_path, '1')).includes('model.xml');
          (ok ? served : new Map()).set(config.name, config.base_path);
          if (!ok) broken.add(config.name);
        }
        return broken.size === 0 ? [201, {}] : [412, { error: 'Reloading config file failed' }];
      }
      const status = (state: string, error_message: string) => ({
        model_version_status: [{ version: '1', state, status: { error_code: '', error_message } }],
      });
      return [
        200,
        Object.fromEntries([
          ...[...served.keys()].map((name) => [name, status('AVAILABLE', 'OK')]),
          ...[...broken].map((name) => [name, status('LOADING', 'no model.xml')]),
        ]),
      ];
    });
    const adapter = new OpenvinoAdapter(address);
    await adapter.prepare();
    return adapter;
  }

  function files(name: string, file: string): string {
    mkdirSync(join(root, 'fetched', name), { recursive: true });
    writeFileSync(join(root, 'fetched', name, file), name);
    return join(root, 'fetched', name);
  }

  it('gets a new config.json for each change, and never a broken model in it for long', async () => {
    const adapter = await openvino();
    await Promise.all([
      adapter.load(model('a'), files('a', 'model.xml'), options),
      adapter.load(model('b'), files('b', 'model.xml'), options),
    ]);
    expect(await adapter.holding(['t~a~1', 't~b~1'])).toEqual(new Set(['t~a~1', 't~b~1']));
    await expect(adapter.load(model('c'), files('c', 'other.txt'), options)).rejects.toThrow(
      'STW6105: OpenVINO: no model.xml',
    );
    expect([...served.keys()].sort()).toEqual(['t~a~1', 't~b~1']);
    const before = served.get('t~a~1');
    await adapter.load(model('a'), files('a2', 'model.xml'), { ...options, reload: true });
    expect(served.get('t~a~1')).not.toBe(before);
    await adapter.unload('t~a~1', signal());
    expect([...served.keys()]).toEqual(['t~b~1']);
    expect(readdirSync(join(root, '.stowage', 'openvino'))).toEqual(['t~b~1-0']);
  });

  it('loads a new model although another one has broken, but believes no reload then', async () => {
    const adapter = await openvino();
    await adapter.load(model('a'), files('a', 'model.xml'), options);
    rmSync(join(served.get('t~a~1') ?? '', '1', 'model.xml'));
    await adapter.load(model('b'), files('b', 'model.xml'), options);
    expect(await adapter.holding(['t~a~1', 't~b~1'])).toEqual(new Set(['t~b~1']));
    const again = adapter.load(model('b'), files('b2', 'model.xml'), { ...options, reload: true });
    await expect(again).rejects.toThrow('STW6105: OpenVINO: HTTP 412');
    expect(readdirSync(join(root, '.stowage', 'openvino')).sort()).toEqual(['t~a~1-0', 't~b~1-0']);
  });

  it('takes no failed answer for an empty server, and leaves nothing of a load that took too long', async () => {
    const adapter = await openvino();
    await adapter.load(model('a'), files('a', 'model.xml'), options);
    mute = true;
    await expect(adapter.holding(['t~a~1'])).rejects.toThrow(/STW6105.*statuses failed/);
    [mute, deaf] = [false, true];
    const late = adapter.load(model('b'), files('b', 'model.xml'), { reload: false, timeoutMs: 300 });
    await expect(late).rejects.toThrow('STW6105: OpenVINO: did not load it within 0 s');
    const { model_config_list: named } = JSON.parse(readFileSync(join(root, 'config.json'), 'utf8'));
    expect(named.map(({ config }: { config: { name: string } }) => config.name)).toEqual(['t~a~1']);
  });
});

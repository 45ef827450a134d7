import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ServerAddress } from '../../../src/agent/adapters/adapter';
import { freePorts, partFile, start, until } from './parts';

/** `{ a: 1 }`: folder/a/model.joblib answers 1. */
export function trainModels(folder: string, models: Readonly<Record<string, number>>): void {
  const wanted = Object.entries(models).map(([name, number]) => `${name}=${number}`);
  execFileSync(partFile('mlserver', 'bin/python'), [resolve(__dirname, 'train.py'), folder, ...wanted]);
}

export interface RunningServer {
  readonly address: ServerAddress;
  readonly origin: string;
  readonly process: ReturnType<typeof start>;
}

export async function startMlserver(repository: string, ports?: readonly number[]): Promise<RunningServer> {
  const [http = 0, grpc = 0, metrics = 0] = ports ?? (await freePorts(3));
  mkdirSync(repository, { recursive: true });
  const host = '127.0.0.1';
  const settings = {
    debug: false,
    load_models_at_startup: false,
    parallel_workers: 0,
    host,
    http_port: http,
    grpc_port: grpc,
    metrics_port: metrics,
  };
  writeFileSync(join(repository, 'settings.json'), JSON.stringify(settings));
  const process = start(partFile('mlserver', 'bin/mlserver'), ['start', repository]);
  const origin = `http://${host}:${http}`;
  await until('MLServer answers', async () => (await fetch(`${origin}/v2/health/live`)).status === 200, 60_000);
  return { address: { host, http, grpc, metrics, repository, adminToken: null }, origin, process };
}

/** What a model answers; the status where it does not. */
export async function ask(origin: string, served: string): Promise<number | string> {
  const response = await fetch(`${origin}/v2/models/${served}/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: [{ name: 'x', shape: [1, 1], datatype: 'FP64', data: [0] }] }),
  });
  if (response.status !== 200) return `HTTP ${response.status}`;
  const body = (await response.json()) as { outputs: { data: number[] }[] };
  return body.outputs[0]?.data[0] ?? 'nothing';
}

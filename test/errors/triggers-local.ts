import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineFleet } from '../../src/declare/define-fleet';
import { answers } from '../../src/local/answers';
import { bodyOf, callModel } from '../../src/local/call-model';
import { Child } from '../../src/local/child';
import { claimDirectory } from '../../src/local/directory';
import { requireFree } from '../../src/local/free-ports';
import { localPlan } from '../../src/local/local-fleet';
import { findParts } from '../../src/local/parts';
import { planFleet } from '../../src/project/plan-fleet';

const emptyDirectory = () => mkdtempSync(join(tmpdir(), 'stowage-trigger-'));
const ports = { http: 1, grpc: 2, metrics: 3, agent: 4, proxy: 5 };

/** How each code of `stowage local`, `call` and `status` comes about. */
export const triggers: Record<string, () => unknown> = {
  STW6201: () => findParts(['envoy'], emptyDirectory()),
  STW6202: () => {
    const fleet = defineFleet({
      name: 'vision',
      pools: [{ name: 'cpu', cpu: 16, memory: '64Gi' }],
      models: [{ name: 'net', format: 'openvino-ir', runtime: 'openvino', storageUri: 's3://models/net' }],
    });
    return localPlan(fleet, planFleet(fleet).plan, { fleetFile: 'fleet.yaml', ports, replicas: null });
  },
  STW6203: async () => {
    const server = createServer();
    const port = await new Promise<number>((done) => {
      server.listen(0, '127.0.0.1', () => done((server.address() as { port: number }).port));
    });
    try {
      await requireFree('127.0.0.1', [port]);
    } finally {
      server.close();
    }
  },
  STW6204: () => {
    const log = join(emptyDirectory(), 'part.log');
    const child = new Child(
      { name: 'part', argv: ['/bin/true'], env: {}, log, graceMs: 1 },
      (argv) => [...argv],
      () => 0,
    );
    return answers('http://127.0.0.1:1/', child, 1);
  },
  STW6205: () => {
    const directory = emptyDirectory();
    // Init is always there, and never this process.
    writeFileSync(join(directory, 'local.json'), JSON.stringify({ pid: 1 }));
    claimDirectory(directory);
  },
  STW6206: () => callModel('iris', { endpoint: 'http://127.0.0.1:1', data: null }),
  STW6207: async () => {
    const { createServer: createHttp } = await import('node:http');
    const server = createHttp((_, response) => response.writeHead(404).end('{"error":"unknown model"}'));
    await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as { port: number };
    try {
      await callModel('iris', { endpoint: `http://127.0.0.1:${port}`, data: null });
    } finally {
      server.close();
    }
  },
  STW6208: () => bodyOf('[[1], [2, 3]]'),
};

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type LocalState, readState } from '../../src/local/directory';
import { defaultPartsDirectory } from '../../src/local/parts';
import type { MeshState } from '../../src/protocol/mesh-state';
import { cleanEnvironment, cleanUp, cliMain, directoryWith, stowage } from '../cli/stowage';
import { isAlive, until } from './support';

const quickstart = join(__dirname, '../../examples/quickstart');
const parts = defaultPartsDirectory();
const installed = ['envoy/bin/envoy', 'mlserver/bin/mlserver'].every((path) => existsSync(join(parts, path)));

afterAll(cleanUp);

describe('stowage local', () => {
  it('says what is wrong, and starts nothing', () => {
    const run = (...args: string[]) => stowage(['local', join(quickstart, 'fleet.yaml'), ...args]);
    expect(run('--port', 'x').stderr).toMatch(/STW5002.*--port x/);
    expect(run('--replicas', '0').stderr).toMatch(/STW5002.*--replicas 0/);
    const missing = run('--parts', directoryWith(), '--port', '0');
    expect(missing.status).toBe(1);
    expect(missing.stderr).toMatch(/STW6201.*envoy, mlserver/);
    expect(missing.stderr).toMatch(/bash .*mesh-parts\.sh envoy mlserver/);
  });

  it.skipIf(!installed)('refuses a port that is taken (needs scripts/mesh-parts.sh envoy mlserver)', async () => {
    const server = createServer();
    await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as { port: number };
    const { status, stderr } = stowage(['local', join(quickstart, 'fleet.yaml'), '--port', String(port)]);
    server.close();
    expect(status).toBe(1);
    expect(stderr).toMatch(/STW6203/);
  });
});

/** The quickstart as its README has it: trained, served, asked, changed, stopped. */
describe.skipIf(!installed)('the quickstart (needs scripts/mesh-parts.sh envoy mlserver)', () => {
  let local: ChildProcess | null = null;
  afterAll(() => void local?.kill('SIGKILL'));

  it('serves ten models until it is told to stop', { timeout: 180_000 }, async () => {
    const directory = directoryWith();
    for (const file of ['fleet.yaml', 'stowage.lock']) cpSync(join(quickstart, file), join(directory, file));
    const train = [join(quickstart, 'train.py'), join(directory, 'models')];
    execFileSync(join(parts, 'mlserver/bin/python'), train, { timeout: 120_000 });

    const state = join(directory, 'state');
    const args = ['local', '--port', '0', '--dir', state, '--watch'];
    local = spawn(process.execPath, [cliMain, ...args], { cwd: directory, env: cleanEnvironment() });
    let output = '';
    let progress = '';
    local.stdout?.on('data', (chunk) => {
      output += chunk;
    });
    local.stderr?.on('data', (chunk) => {
      progress += chunk;
    });
    await until(() => progress.includes('Models up: 10 of 10'), 'ten models');
    const { endpoint, control } = readState(state) as LocalState;
    expect(output).toContain(`curl ${endpoint}/v2/models/diabetes`);

    const call = (...words: string[]) => stowage(['call', ...words, '--endpoint', endpoint]);
    const answer = call('iris', '--data', '[[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]');
    expect(JSON.parse(answer.stdout).outputs[0].data).toEqual([0, 2]);
    expect(call('nobody').stderr).toMatch(/STW6207: nobody: HTTP 404/);

    const text = stowage(['status', '--dir', state]).stdout;
    expect(text).toMatch(/^quickstart {2}10 models: 10 up/);
    expect(text).toMatch(/127\.\d+\.\d+\.1 +serving/);
    const seen = (): MeshState => JSON.parse(stowage(['status', '--endpoint', control, '-f', 'json']).stdout);
    expect(seen().models).toMatchObject({ up: 10, loading: 0, failed: 0 });

    // One more model, whose files are not there: the others stay, it is said why it is not.
    const fleet = readFileSync(join(directory, 'fleet.yaml'), 'utf8');
    const more = `${fleet}  - { name: ghost, format: sklearn, storageUri: file:models/ghost, memory: 2Mi }\n`;
    writeFileSync(join(directory, 'fleet.yaml'), more);
    await until(() => seen().models.failed === 1, 'the failed model');
    await until(() => progress.includes('Models up: 10 of 11, failed: 1'), 'what is said of it');
    expect(seen().models.up).toBe(10);
    expect(stowage(['status', '--dir', state]).stdout).toMatch(/default\/ghost@1 +failed .*models\/ghost/);

    const pids = [local.pid ?? 0, ...childrenOf(local.pid ?? 0)];
    expect(pids.length).toBe(5);
    const ended = new Promise<number | null>((done) => void local?.once('exit', done));
    local.kill('SIGINT');
    // As npm does with Ctrl-C.
    local.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(readdirSync(state)).not.toContain('local.json');
    expect(readFileSync(join(directory, 'stowage.lock'), 'utf8')).not.toContain('ghost');
  });
});

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);
}

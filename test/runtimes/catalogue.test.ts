import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import type { ServingRuntime } from '../../src/declare/fleet';
import type { RuntimeInput } from '../../src/declare/input';
import { builtInRuntimes } from '../../src/runtimes/catalogue';
import { fleetInput, model } from '../declare/support';

const byName = new Map(builtInRuntimes.map((runtime) => [runtime.name, runtime]));
const runtimeOf = (runtime: RuntimeInput, format: string, more: object = {}): ServingRuntime | undefined =>
  defineFleet(fleetInput({ runtimes: [runtime], models: [model('a', { runtime: runtime.name, format, ...more })] }))
    .runtimes[0];

describe('the runtimes that come with Stowage', () => {
  it('are the four, sorted', () => {
    expect([...byName.keys()]).toEqual(['mlserver', 'openvino', 'triton', 'vllm']);
  });

  it.each(builtInRuntimes)('$name is complete', (runtime) => {
    expect(runtime.image).toMatch(/^[a-z0-9.-]+\.[a-z]+\/[a-z0-9/_-]+:v?\d[\w.-]*$/);
    const ports = Object.values(runtime.ports).filter((port) => port !== null);
    expect(new Set(ports).size).toBe(ports.length);
    expect(Math.min(...ports)).toBeGreaterThan(1023);
    expect(runtime.formats).toEqual([...runtime.formats].sort());
    expect(runtime.runAsUser).toBeGreaterThan(0);
    expect(runtime.command.length).toBeGreaterThan(0);
    expect(runtime.livenessPath).toMatch(/^\//);
    expect(Object.values(runtime.baseFootprint).every(Number.isSafeInteger)).toBe(true);
    if (runtime.accelerator === 'none') expect(runtime.baseFootprint.acceleratorMemoryBytes).toBe(0);
  });

  it.each(builtInRuntimes)('$name is told the ports that it declares', (runtime) => {
    const said = [...runtime.args, ...Object.values(runtime.env)].join(' ');
    for (const port of Object.values(runtime.ports)) if (port !== null) expect(said).toContain(String(port));
  });

  it.each(builtInRuntimes)('$name never probes a path that turns false while models load', (runtime) => {
    expect(runtime.livenessPath).not.toContain('ready');
  });

  it('take the settings that real servers were found to need', () => {
    expect(byName.get('triton')?.args).toEqual(
      expect.arrayContaining(['--model-control-mode=explicit', '--strict-readiness=false']),
    );
    expect(byName.get('triton')?.sharedMemory.perModelBytes).toBeGreaterThanOrEqual(2 ** 20);
    expect(byName.get('mlserver')?.env).toMatchObject({
      MLSERVER_LOAD_MODELS_AT_STARTUP: 'false',
      MLSERVER_PARALLEL_WORKERS: '0',
    });
    expect(byName.get('vllm')?.env).toMatchObject({ VLLM_ALLOW_RUNTIME_LORA_UPDATING: 'True' });
    expect(byName.get('openvino')?.args).toContain('--file_system_poll_wait_seconds=0');
  });

  it('stand in the reference with what they load', () => {
    const page = readFileSync(resolve(__dirname, '../../docs/reference/runtimes.md'), 'utf8');
    for (const { name, image, formats, livenessPath, repository, ports } of builtInRuntimes) {
      for (const text of [name, image, livenessPath, repository.layout, String(ports.http), ...formats])
        expect(page).toContain(text);
    }
  });
});

describe('a runtime of one’s own', () => {
  it('extends a built-in one and keeps what it does not change', () => {
    const triton = byName.get('triton');
    const own = runtimeOf(
      {
        name: 'big',
        extends: 'triton',
        image: 'example.com/triton:1',
        env: { A: 'b' },
        baseFootprint: { memory: '4Gi' },
      },
      'onnx',
    );
    expect(own).toEqual({
      ...triton,
      name: 'big',
      image: 'example.com/triton:1',
      env: { A: 'b' },
      baseFootprint: { ...triton?.baseFootprint, memoryBytes: 4 * 2 ** 30 },
    });
  });

  it('of the same name takes the place of the built-in one', () => {
    const fleet = defineFleet(
      fleetInput({ runtimes: [{ name: 'triton', extends: 'triton', image: 'example.com/t:2' }] }),
    );
    expect(fleet.runtimes.map(({ name, image }) => [name, image])).toEqual([['triton', 'example.com/t:2']]);
  });

  it('may be new from the ground', () => {
    const own = runtimeOf(
      {
        name: 'mine',
        adapter: 'triton',
        image: 'example.com/s:1',
        formats: ['own'],
        ports: { http: 9000 },
        accelerator: 'none',
      },
      'own',
      { gpuMemory: 0 },
    );
    expect(own).toMatchObject({
      adapter: 'triton',
      formats: ['own'],
      ports: { http: 9000, grpc: null, metrics: null },
      repository: { path: '/models', layout: 'model-version-directories' },
    });
  });

  it('serves adapters over base models that it declares', () => {
    const fleet = defineFleet(
      fleetInput({
        runtimes: [
          {
            name: 'vllm',
            extends: 'vllm',
            baseModels: [{ name: 'llama', storageUri: 'hf://llama', gpuMemory: '14Gi' }],
          },
        ],
        models: [model('a', { format: 'lora', base: 'llama', gpuMemory: '40Mi' })],
      }),
    );
    expect(fleet.runtimes[0]?.baseModels).toEqual([
      expect.objectContaining({ name: 'llama', acceleratorMemoryBytes: 14 * 2 ** 30, diskBytes: 14 * 2 ** 30 }),
    ]);
    expect(fleet.models[0]?.pools).toEqual(['l4']);
  });

  it('makes a format that two load ask for a choice', () => {
    const runtimes = [{ name: 'openvino', extends: 'openvino', formats: ['onnx'] }];
    expect(() => defineFleet(fleetInput({ runtimes }))).toThrow(/several runtimes can load the format "onnx"/);
    const models = [model('a', { runtime: 'openvino', gpuMemory: 0 })];
    expect(defineFleet(fleetInput({ runtimes, models })).models[0]?.pools).toEqual(['cpu']);
  });
});

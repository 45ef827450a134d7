import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { FleetInput, ModelInput } from '../../src/declare/input';
import { type Diagnostic, StowageError } from '../../src/errors/stowage-error';

export const model = (name: string, more: Partial<ModelInput> = {}): ModelInput => ({
  name,
  format: 'onnx',
  storageUri: `s3://models/${name}`,
  gpuMemory: '1Gi',
  memory: '256Mi',
  ...more,
});

/** A small sound fleet: one GPU pool, one CPU pool, one model. */
export const fleetInput = (more: Partial<FleetInput> = {}): FleetInput => ({
  name: 'demo',
  pools: [
    { name: 'l4', accelerator: { kind: 'L4', memory: '24Gi', perNode: 4 }, cpu: 48, memory: '192Gi' },
    { name: 'cpu', cpu: 16, memory: '64Gi' },
  ],
  models: [model('resnet50')],
  ...more,
});

/** The diagnostics of what must be a StowageError; anything else thrown fails the test. */
export function diagnosticsOf(action: () => unknown): readonly Diagnostic[] {
  try {
    action();
  } catch (error) {
    if (StowageError.is(error)) return error.diagnostics;
    throw error;
  }
  throw new Error('nothing was thrown');
}

export const codesOf = (action: () => unknown): string[] => diagnosticsOf(action).map((finding) => finding.code);

/** Runs `use` in a new folder with these files, and removes it. */
export function withFiles<T>(files: Readonly<Record<string, string | Uint8Array>>, use: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'stowage-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), content);
    }
    return use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A fleet file with the pools of {@link fleetInput} and these catalogues. */
export const fleetWithCatalogues = (...catalogues: string[]): string =>
  JSON.stringify({ name: 'demo', pools: fleetInput().pools, catalogues });

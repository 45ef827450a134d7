import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { claimDirectory, emptyTable, readState, writeState, writeTable } from '../../src/local/directory';
import { findParts, installCommand } from '../../src/local/parts';
import { removeDirectories, temporaryDirectory } from './support';

afterAll(removeDirectories);

const state = { fleet: 'f', endpoint: 'http://127.0.0.1:1', grpc: '127.0.0.1:2', control: 'http://127.0.0.1:4' };

it('a directory is taken by one mesh at a time, and starts clean', () => {
  const directory = join(temporaryDirectory(), 'state');
  claimDirectory(directory);
  writeTable(directory, 's1', { 'models-0.jsonl': '{}\n' });
  writeState(directory, { pid: process.ppid, ...state });
  expect(readState(directory)?.endpoint).toBe(state.endpoint);
  expect(() => claimDirectory(directory)).toThrow(/STW6205/);
  // Of a mesh that was killed.
  writeState(directory, { pid: 2 ** 22 + 1, ...state });
  claimDirectory(directory);
  expect(readdirSync(directory).sort()).toEqual(['logs', 'shards']);
  expect(readdirSync(join(directory, 'shards'))).toEqual([]);
  expect(readState(directory)).toBeNull();
});

it("a shard's table is replaced part by part; an emptied one keeps its header", () => {
  const directory = temporaryDirectory();
  claimDirectory(directory);
  writeTable(directory, 's1', { 'models-0.jsonl': 'head\na\n', 'models-4.jsonl': 'head\nb\n' });
  writeTable(directory, 's1', { 'models-0.jsonl': 'head\na\nb\n' });
  expect(readdirSync(join(directory, 'shards/s1'))).toEqual(['models-0.jsonl']);
  writeTable(directory, 's1', emptyTable(directory, 's1'));
  expect(readFileSync(join(directory, 'shards/s1/models-0.jsonl'), 'utf8')).toBe('head\n');
});

it('missing parts are named, with the command that installs them', () => {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'envoy/bin'), { recursive: true });
  writeFileSync(join(directory, 'envoy/bin/envoy'), '', { mode: 0o755 });
  expect(findParts(['envoy'], directory).has('mlserver')).toBe(false);
  expect(() => findParts(['envoy', 'mlserver'], directory)).toThrow(/STW6201: not installed in .*: mlserver$/);
  expect(installCommand(['mlserver'])).toMatch(/^bash .*scripts\/mesh-parts\.sh mlserver$/);
});

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { gpuModel, jsonLines, smallProject } from './fleets';
import { cleanUp, directoryWith, stowage } from './stowage';

afterAll(cleanUp);

interface Doc {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

const documents = (text: string): Doc[] =>
  parseAllDocuments(text).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Doc;
  });

const names = (docs: readonly Doc[]) => docs.map(({ kind, metadata }) => `${kind}/${metadata.name}`).sort();

describe('stowage synth', () => {
  it('writes the same objects to standard output, to a file, and to a file a shard', () => {
    const cwd = directoryWith(smallProject(8));
    const run = stowage(['synth'], { cwd });
    expect(run.status, run.stderr).toBe(0);
    const printed = names(documents(run.stdout));
    expect(printed.some((name) => name.startsWith('Deployment/'))).toBe(true);
    expect(stowage(['synth', '--out', 'all.yaml'], { cwd }).stdout).toBe('');
    expect(readFileSync(join(cwd, 'all.yaml'), 'utf8')).toBe(run.stdout);
    expect(stowage(['synth', '--out', 'manifests'], { cwd }).status).toBe(0);
    const files = readdirSync(join(cwd, 'manifests'));
    const together = files.flatMap((file) => documents(readFileSync(join(cwd, 'manifests', file), 'utf8')));
    expect(names(together)).toEqual(printed);
  });

  it('removes the files of shards that are gone, and no file of others', () => {
    const cwd = directoryWith({ ...smallProject(8), 'manifests/own.yaml': 'kind: Secret\n' });
    stowage(['synth', '--out', 'manifests'], { cwd });
    const before = readdirSync(join(cwd, 'manifests'));
    writeFileSync(join(cwd, 'models/a.jsonl'), jsonLines([gpuModel('m00')]));
    stowage(['synth', '--out', 'manifests'], { cwd });
    const after = readdirSync(join(cwd, 'manifests'));
    expect(after.length).toBeLessThan(before.length);
    expect(after).toContain('own.yaml');
  });

  it('writes nothing where a hard budget is broken, and is frozen in CI', () => {
    const over = stowage(['synth'], { cwd: directoryWith(smallProject(10, '{ gpus: { L4: 1 } }')) });
    expect(over.status).toBe(3);
    expect(over.stdout).toBe('');
    const cwd = directoryWith(smallProject());
    stowage(['lock'], { cwd });
    writeFileSync(join(cwd, 'models/b.jsonl'), jsonLines([gpuModel('later')]));
    const frozen = stowage(['synth'], { cwd, env: { CI: '1' } });
    expect(frozen.status).toBe(1);
    expect(frozen.stderr).toContain('STW5103');
  });
});

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { PlanDiff } from '../../src/plan/plan-diff';
import { gpuModel, jsonLines, smallProject } from './fleets';
import { cleanUp, directoryWith, git, stowage } from './stowage';

afterAll(cleanUp);

function repository(files: Record<string, string>): string {
  const cwd = directoryWith(files);
  git(cwd, 'init', '-q');
  stowage(['lock'], { cwd });
  git(cwd, 'add', '.');
  git(cwd, 'commit', '-qm', 'a fleet');
  return cwd;
}

const diffJson = (cwd: string, ...args: string[]): PlanDiff =>
  JSON.parse(stowage(['diff', ...args, '--format', 'json'], { cwd }).stdout) as PlanDiff;

describe('stowage diff', () => {
  it('compares with HEAD, whose files and lockfile it reads without touching the working tree', () => {
    const cwd = repository(smallProject());
    const same = stowage(['diff', '--detailed-exitcode'], { cwd });
    expect(same.status, same.stderr).toBe(0);
    expect(same.stdout).toContain('Nothing changes.');
    rmSync(join(cwd, 'models/a.jsonl'));
    writeFileSync(join(cwd, 'models/b.jsonl'), jsonLines([gpuModel('m00'), gpuModel('new')]));
    const before = git(cwd, 'status', '--porcelain').stdout;
    const run = stowage(['diff', '--detailed-exitcode'], { cwd });
    expect(run.status, run.stderr).toBe(2);
    expect(run.stdout).toContain('+ default/new@1');
    expect(run.stdout).toContain('- default/m03@1');
    expect(git(cwd, 'status', '--porcelain').stdout).toBe(before);
    const diff = diffJson(cwd);
    expect(diff.models.added).toEqual(['default/new@1']);
    expect(diff.models.removed).toEqual(['default/m01@1', 'default/m02@1', 'default/m03@1']);
    expect(diff.models.moved).toEqual([]);
  });

  it('works from a subdirectory of the repository, for a module, against a named ref', () => {
    const fleet = (models: string) => `import { models } from '../shared/models';
export default { name: 'typed', pools: [{ name: 'cpu', cpu: 8, memory: '32Gi' }], models: [...models, ${models}] };
`;
    const model = (name: string) => `{ name: '${name}', format: 'sklearn', storageUri: 's3://${name}' }`;
    const cwd = repository({
      'infra/fleet.ts': fleet(''),
      'shared/models.ts': `export const models = [${model('a')}];\n`,
    });
    git(cwd, 'branch', 'before');
    writeFileSync(join(cwd, 'infra/fleet.ts'), fleet(model('b')));
    git(cwd, 'commit', '-qam', 'adds b');
    const diff = diffJson(join(cwd, 'infra'), 'before');
    expect(diff.models.added).toEqual(['default/b@1']);
  });

  it('compares with a saved plan, as Markdown too', () => {
    const cwd = directoryWith(smallProject());
    stowage(['lock'], { cwd });
    stowage(['plan', '-o', 'before.json'], { cwd });
    writeFileSync(join(cwd, 'models/b.jsonl'), jsonLines([gpuModel('new')]));
    const { stdout } = stowage(['diff', 'before.json', '--format', 'markdown'], { cwd });
    expect(stdout).toMatch(/^<!-- stowage:diff fleet=zoo schema=1 diff=[0-9a-f]{64} -->/);
    expect(stdout).toContain('**zoo: 1 model added');
  });

  it('takes everything as new where the ref has no fleet', () => {
    const cwd = directoryWith({ 'README.md': 'soon\n' });
    git(cwd, 'init', '-q');
    git(cwd, 'add', '.');
    git(cwd, 'commit', '-qm', 'begin');
    for (const [name, text] of Object.entries(smallProject()))
      if (name === 'fleet.yaml') writeFileSync(join(cwd, name), text.replace('models/*.jsonl', 'a.jsonl'));
    writeFileSync(join(cwd, 'a.jsonl'), jsonLines([gpuModel('one')]));
    const diff = diffJson(cwd);
    expect(diff.models.added).toEqual(['default/one@1']);
    expect(diff.totals.find(({ total }) => total === 'pods')?.before).toBe(0);
  });

  it('names the ref where the fleet of then is broken, and a ref that git does not know', () => {
    const cwd = repository(smallProject());
    writeFileSync(join(cwd, 'models/a.jsonl'), '{"name":"broken"}\n');
    git(cwd, 'commit', '-qam', 'breaks it');
    writeFileSync(join(cwd, 'models/a.jsonl'), jsonLines([gpuModel('m00')]));
    const broken = stowage(['diff', 'HEAD'], { cwd });
    expect(broken.status).toBe(1);
    expect(broken.stderr).toContain('HEAD:models/a.jsonl:1');
    const unknown = stowage(['diff', 'no-such-ref'], { cwd });
    expect(unknown.status).toBe(1);
    expect(unknown.stderr).toContain('STW5005');
    expect(stowage(['diff', '--output=/tmp/x'], { cwd }).stderr).toContain('STW5002');
  });
});

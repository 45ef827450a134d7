import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { gpuModel, jsonLines, smallProject } from './fleets';
import { cleanUp, cliMain, directoryWith, git, stowage } from './stowage';

afterAll(cleanUp);

describe('stowage lock', () => {
  it('writes the lockfile, then leaves it alone, and adding a model moves no other', () => {
    const cwd = directoryWith(smallProject());
    const first = stowage(['lock'], { cwd });
    expect(first.status, first.stderr).toBe(0);
    expect(first.stderr).toContain('Wrote stowage.lock');
    const text = readFileSync(join(cwd, 'stowage.lock'), 'utf8');
    expect(stowage(['lock'], { cwd }).stderr).toContain('stowage.lock is current.');
    expect(stowage(['lock', '--check'], { cwd }).status).toBe(0);
    writeFileSync(join(cwd, 'models/b.jsonl'), jsonLines([gpuModel('aaa')]));
    expect(stowage(['lock', '--check'], { cwd }).status).toBe(1);
    stowage(['lock'], { cwd });
    const after = readFileSync(join(cwd, 'stowage.lock'), 'utf8').split('\n');
    for (const line of text.split('\n')) expect(after).toContain(line);
    expect(readdirSync(cwd).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('writes nothing that breaks a hard budget', () => {
    const cwd = directoryWith(smallProject(10, '{ gpus: { L4: 1 } }'));
    const run = stowage(['lock'], { cwd });
    expect(run.status).toBe(3);
    expect(run.stderr).toContain('over budget: L4 GPUs');
    expect(existsSync(join(cwd, 'stowage.lock'))).toBe(false);
  });

  it('lets only the models of --update move, and refuses unknown ones', () => {
    const cwd = directoryWith(smallProject());
    stowage(['lock'], { cwd });
    expect(stowage(['lock', '--update', 'default/m00@1,default/m01@1'], { cwd }).status).toBe(0);
    const run = stowage(['lock', '--update', 'default/m0@1'], { cwd });
    expect(run.status).toBe(1);
    expect(run.stderr).toContain('STW5104');
  });
});

/** A repository with a locked fleet on main and the merge driver of this very CLI. */
function repository(budgets?: string): string {
  const cwd = directoryWith(smallProject(4, budgets));
  git(cwd, 'init', '-q');
  const command = `"${process.execPath}" "${cliMain}"`;
  expect(stowage(['lock', 'install', '--command', command], { cwd }).status).toBe(0);
  expect(stowage(['lock'], { cwd }).status).toBe(0);
  git(cwd, 'add', '.');
  git(cwd, 'commit', '-qm', 'a fleet');
  return cwd;
}

function branchThatAdds(cwd: string, branch: string, models: readonly object[]): void {
  git(cwd, 'checkout', '-qb', branch, 'main');
  writeFileSync(join(cwd, `models/${branch}.jsonl`), jsonLines(models));
  expect(stowage(['lock'], { cwd }).status).toBe(0);
  git(cwd, 'add', '.');
  expect(git(cwd, 'commit', '-qm', `adds ${branch}`).status).toBe(0);
}

const several = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => gpuModel(`${prefix}${i}`, '4Gi'));

describe('stowage lock merge, called by git', () => {
  it('merges two branches that each add models; the budgets hold and the plan is whole', () => {
    const cwd = repository();
    branchThatAdds(cwd, 'left', several('left', 3));
    branchThatAdds(cwd, 'right', several('right', 3));
    const merge = git(cwd, 'merge', '--no-edit', 'left');
    expect(merge.status, merge.stdout + merge.stderr).toBe(0);
    expect(git(cwd, 'status', '--porcelain').stdout).toBe('');
    const text = readFileSync(join(cwd, 'stowage.lock'), 'utf8');
    for (const name of ['left0', 'left2', 'right0', 'right2', 'm03']) expect(text).toContain(`default/${name}@1`);
    const plan = stowage(['plan'], { cwd });
    expect(plan.status, plan.stdout).toBe(0);
    expect(plan.stdout).toContain('10 models');
  });

  it('two branches that fit alone can break a budget together: the merge warns and the plan fails with 3', () => {
    const cwd = repository('{ gpus: { L4: 3 } }');
    branchThatAdds(cwd, 'left', several('left', 9));
    branchThatAdds(cwd, 'right', several('right', 9));
    const merge = git(cwd, 'merge', '--no-edit', 'left');
    expect(merge.status, merge.stdout + merge.stderr).toBe(0);
    expect(merge.stdout + merge.stderr).toContain('over budget after the merge: L4 GPUs');
    expect(merge.stdout + merge.stderr).toContain('run `stowage plan`');
    const plan = stowage(['plan'], { cwd });
    expect(plan.status).toBe(3);
    expect(plan.stdout).toMatch(/L4 GPUs .*OVER/);
  });

  it('leaves a conflict to git where a side is no lockfile', () => {
    const cwd = repository();
    git(cwd, 'checkout', '-qb', 'broken');
    writeFileSync(join(cwd, 'stowage.lock'), 'not a lockfile\n');
    git(cwd, 'commit', '-qam', 'breaks it');
    git(cwd, 'checkout', '-q', 'main');
    branchThatAdds(cwd, 'left', several('left', 1));
    const merge = git(cwd, 'merge', '--no-edit', 'broken');
    expect(merge.status).not.toBe(0);
    expect(git(cwd, 'status', '--porcelain').stdout).toContain('UU stowage.lock');
  });

  it('install twice changes nothing, and needs a repository', () => {
    const cwd = repository();
    stowage(['lock', 'install'], { cwd });
    const before = readFileSync(join(cwd, '.gitattributes'), 'utf8');
    expect(before).toBe('stowage.lock linguist-generated merge=stowage\n');
    stowage(['lock', 'install'], { cwd });
    expect(readFileSync(join(cwd, '.gitattributes'), 'utf8')).toBe(before);
    const outside = stowage(['lock', 'install'], { cwd: directoryWith(), env: { GIT_CEILING_DIRECTORIES: '/' } });
    expect(outside.status).toBe(1);
    expect(outside.stderr).toContain('STW5005');
  });
});

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RenderedGroup } from '../../src/render/objects';
import { toYaml } from '../../src/render/yaml';

const release = 'kubernetes-validate==1.37.0';
const cache = join(__dirname, '..', '..', '.stowage-cache');
const installed = join(cache, release.replace('==', '-'));

export interface SchemaCheck {
  /** Kubernetes versions whose schemas were used. */
  readonly versions: readonly string[];
  /** Objects checked, each once a version. */
  readonly checked: number;
  /** Kinds that Kubernetes itself does not define. */
  readonly unknown: readonly string[];
  readonly failures: readonly string[];
}

/** Why schemas cannot be checked on this machine; null: they can. Installs the checker once, from PyPI. */
export function noSchemas(): string | null {
  if (existsSync(installed)) return null;
  if (spawnSync('python3', ['-m', 'pip', '--version']).status !== 0) return 'python3 with pip is not on PATH';
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'install-'));
  const options = ['--quiet', '--disable-pip-version-check', '--no-input', '--target', folder];
  const result = spawnSync('python3', ['-m', 'pip', 'install', ...options, release], { encoding: 'utf8' });
  if (result.status !== 0) {
    rmSync(folder, { recursive: true });
    return `pip cannot install ${release}: ${(result.stderr ?? '').trim().split('\n').at(-1)}`;
  }
  try {
    renameSync(folder, installed);
  } catch {
    // Another process was faster.
    rmSync(folder, { recursive: true, force: true });
  }
  return null;
}

/** Strictly (no unknown field), against every Kubernetes version from `from` on; the YAML is read back as well. */
export function checkSchemas(groups: readonly RenderedGroup[], from = '1.31'): SchemaCheck {
  const input = JSON.stringify({ yaml: toYaml(groups), objects: groups.flatMap(({ objects }) => objects), from });
  const result = spawnSync('python3', [join(__dirname, 'kubernetes-validate.py')], {
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    env: { ...process.env, PYTHONPATH: installed },
  });
  if (result.status !== 0) throw new Error(`kubernetes-validate.py failed: ${result.stderr}`);
  return JSON.parse(result.stdout) as SchemaCheck;
}

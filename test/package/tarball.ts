import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const root = join(__dirname, '..', '..');
const modules = join(root, 'node_modules');
const manifest = createRequire(__filename)('../../package.json') as {
  readonly version: string;
  readonly files: readonly string[];
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
};
export const { version } = manifest;

export interface Tarball {
  readonly directory: string;
  readonly file: string;
}

/** Builds the sources beside a copy of package.json and packs them: `dist/` of the checkout is left alone. */
export function makeTarball(): Tarball {
  const directory = mkdtempSync(join(tmpdir(), 'stowage-package-'));
  const source = join(directory, 'source');
  mkdirSync(source);
  for (const name of ['package.json', ...manifest.files.filter((entry) => entry !== 'dist')])
    cpSync(join(root, name), join(source, name), { recursive: true, errorOnExist: false });
  const tsc = join(modules, 'typescript', 'bin', 'tsc');
  execFileSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', join(source, 'dist')]);
  const packed = execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', directory], {
    cwd: source,
    encoding: 'utf8',
  });
  return { directory, file: join(directory, packed.trim().split('\n').at(-1) ?? '') };
}

/** A project with the tarball installed; it can load what the package declares and the named tools, nothing else. */
export function makeProject(
  tarball: Tarball,
  name: string,
  files: Readonly<Record<string, string>>,
  tools: readonly string[] = [],
): string {
  const project = join(tarball.directory, name);
  const installed = join(project, 'node_modules', 'stowage');
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['xzf', tarball.file, '--strip-components=1', '-C', installed]);
  for (const dependency of [...Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }), ...tools]) {
    const link = join(project, 'node_modules', dependency);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(modules, dependency), link);
  }
  for (const [file, text] of Object.entries({ 'package.json': '{}', ...files }))
    writeFileSync(join(project, file), text);
  return project;
}

/** Runs node in the project; gives what it printed. */
export function run(project: string, ...args: readonly string[]): string {
  return execFileSync(process.execPath, args, { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

export function filesUnder(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
}

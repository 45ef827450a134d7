import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type typescript from 'typescript';

const root = join(__dirname, '../..');

/**
 * The CLI as users run it: plain JavaScript in a process of its own. The sources are transpiled (not type-checked) to a
 * directory named after their content, so that it is always fresh, made once, and safe to make twice at a time.
 */
function builtCli(): string {
  const files = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const sources = files.map((file) => ({ file, text: readFileSync(file, 'utf8') }));
  const digest = createHash('sha256');
  for (const { file, text } of sources) digest.update(`${relative(root, file)}\0${text}\0`);
  const cache = join(root, '.stowage-cache');
  const directory = join(cache, `cli-${digest.digest('hex').slice(0, 16)}`);
  const main = join(directory, 'src/cli/main.js');
  if (existsSync(main)) return main;
  mkdirSync(cache, { recursive: true });
  forgetOld(cache);
  const ts = require('typescript') as typeof typescript;
  const temporary = mkdtempSync(join(cache, 'making-'));
  for (const { file, text } of sources) {
    const { outputText } = ts.transpileModule(text, {
      compilerOptions: {
        module: ts.ModuleKind.CommonJS,
        target: ts.ScriptTarget.ES2022,
        esModuleInterop: true,
      },
    });
    const target = join(temporary, relative(root, file)).replace(/\.ts$/, '.js');
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, outputText);
  }
  const manifest = readFileSync(join(root, 'package.json'), 'utf8');
  writeFileSync(join(temporary, 'package.json'), manifest);
  try {
    renameSync(temporary, directory);
  } catch {
    // Another test file was faster.
    rmSync(temporary, { recursive: true, force: true });
  }
  return main;
}

/** Builds of an hour ago and more: nobody runs them now. */
function forgetOld(cache: string): void {
  for (const name of readdirSync(cache)) {
    const path = join(cache, name);
    if (/^(cli|making)-/.test(name) && Date.now() - statSync(path).mtimeMs > 3_600_000)
      rmSync(path, { recursive: true, force: true });
  }
}

export const cliMain: string = builtCli();

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** Without CI and colour of the surroundings. */
export function cleanEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { CI, NO_COLOR, FORCE_COLOR, COLUMNS, ...rest } = process.env;
  return { ...rest, ...extra };
}

export function stowage(args: readonly string[], options: RunOptions = {}): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [cliMain, ...args], {
    cwd: options.cwd ?? root,
    encoding: 'utf8',
    env: cleanEnvironment(options.env),
    maxBuffer: 1 << 28,
    ...(options.input === undefined ? {} : { input: options.input }),
  });
}

/** An empty directory with these files; removed by `cleanUp`. */
export function directoryWith(files: Readonly<Record<string, string | Buffer>> = {}): string {
  const directory = mkdtempSync(join(tmpdir(), 'stowage-test-'));
  made.push(directory);
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  return directory;
}

const made: string[] = [];
export function cleanUp(): void {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
}

/** Git in a directory, with an author and no configuration of the user's. */
export function git(cwd: string, ...args: string[]): SpawnSyncReturns<string> {
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org', '-c', 'init.defaultBranch=main'];
  return spawnSync('git', [...identity, ...args], {
    cwd,
    encoding: 'utf8',
    env: cleanEnvironment({ GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' }),
  });
}

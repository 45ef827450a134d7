import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = resolve(__dirname, '../..');
/** The public entry, and what the skins import of the core (their own packages' types are theirs to choose). */
const entries = ['src/index.ts', ...importedBySkins()];

function importedBySkins(): string[] {
  const found = new Set<string>();
  for (const file of ts.sys.readDirectory(join(root, 'components'), ['.ts'])) {
    for (const name of imports(readFileSync(file, 'utf8'))) {
      const path = relative(root, resolve(dirname(file), name));
      if (name.startsWith('.') && path.startsWith('src/')) found.add(`${path}.ts`);
    }
  }
  return [...found];
}

/** The declaration files that `entries` give, by path in the project. */
function declarations(): Map<string, string> {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.build.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram(
    entries.map((entry) => join(root, entry)),
    {
      ...options,
      noCheck: true,
      emitDeclarationOnly: true,
      declaration: true,
      noEmit: false,
      outDir: join(root, 'dist'),
    },
  );
  const files = new Map<string, string>();
  program.emit(undefined, (name, text) => void files.set(relative(join(root, 'dist'), name), text));
  return files;
}

/** What `file` imports, types too. */
function imports(text: string): string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map((found) => found.fileName);
}

describe('declaration files', () => {
  it('reach nothing from the public entries that older compilers cannot read', () => {
    const files = declarations();
    const packages = new Set<string>();
    const reached = new Set<string>();
    const pending = entries.map((entry) => entry.replace(/\.ts$/, '.d.ts'));
    for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
      if (reached.has(file)) continue;
      reached.add(file);
      const text = files.get(file);
      expect(text, `${file} is declared`).toBeDefined();
      for (const name of imports(text ?? '')) {
        if (!name.startsWith('.')) packages.add(name);
        else {
          const path = join(dirname(file), name.replace(/\.js$/, ''));
          pending.push(files.has(`${path}.d.ts`) ? `${path}.d.ts` : `${path}/index.d.ts`);
        }
      }
    }
    expect(reached.size).toBeGreaterThan(10);
    expect([...packages]).toEqual([]);
    expect([...reached]).not.toContain('src/declare/schema.d.ts');
  });
});

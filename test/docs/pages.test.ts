import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { buildProgram } from '../../src/cli/program';
import { loadFleet } from '../../src/declare/load-fleet';
import { pack } from '../../src/pack/pack';
import { withFiles } from '../declare/support';

const root = resolve(__dirname, '../..');
const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`)
  .concat('README.md')
  .sort();

interface Block {
  readonly language: string;
  /** From the fence (```yaml fleet.yaml) or a comment in the first line. */
  readonly file: string | null;
  readonly text: string;
}

function blocksOf(page: string): Block[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(([, language = '', named, body = '']) => ({
    language,
    file: named ?? /^(?:#|\/\/) ([\w./-]+\.(?:ya?ml|json|jsonl|csv|ts))$/m.exec(body.split('\n')[0] ?? '')?.[1] ?? null,
    text: body,
  }));
}

/** Every fleet of a page, with the catalogues that the page shows. */
const fleets = pages.flatMap((page) => {
  const blocks = blocksOf(page);
  const others = blocks.flatMap(({ file, text }) => (file === null || /^fleet\./.test(file) ? [] : [[file, text]]));
  return blocks
    .filter(({ file }) => file !== null && /^fleet\.(yaml|json|ts)$/.test(file))
    .map((block, i) => ({ name: `${page}, fleet ${i + 1}`, block, others: Object.fromEntries(others) }));
});

/** The lines of shell and workflow blocks that call Stowage. */
const calls = pages.flatMap((page) =>
  blocksOf(page)
    .filter(({ language }) => language === 'sh' || language === 'yaml')
    .flatMap(({ text }) => text.split('\n'))
    .flatMap((line) =>
      [...line.matchAll(/npx stowage ([^#|>]+)/g)].map(([, call = '']) => ({ page, call: call.trim() })),
    ),
);

describe('the pages', () => {
  // README's catalogues are the reader's own.
  it.each(fleets.filter(({ name }) => !name.startsWith('README')))('$name loads and packs', ({ block, others }) => {
    const file = block.file ?? '';
    withFiles({ ...others, [file]: block.text }, (directory) => {
      const fleet = loadFleet(join(directory, file));
      expect(pack({ fleet }).shards.length).toBeGreaterThan(0);
    });
  });

  it('show fleets', () => {
    expect(fleets.length).toBeGreaterThanOrEqual(5);
    expect(calls.length).toBeGreaterThanOrEqual(10);
  });

  it.each(calls)('$page: stowage $call', ({ call }) => {
    const [name = '', ...words] = call.split(/\s+/);
    let command: Command | undefined = buildProgram().commands.find((one) => one.name() === name);
    expect(command, name).toBeDefined();
    const below = command?.commands.find((one) => one.name() === words[0]);
    if (below !== undefined) command = below;
    for (const flag of words.filter((word) => word.startsWith('-')))
      expect(command?.options.flatMap((option) => [option.long, option.short])).toContain(flag.split('=')[0]);
  });

  it.each(pages)('%s links to what is there', (page) => {
    const text = readFileSync(join(root, page), 'utf8');
    const gone = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
      .map(([, target = '']) => join(root, dirname(page), target))
      .filter((target) => !existsSync(target))
      .map((target) => relative(root, target));
    expect(gone).toEqual([]);
  });

  it.each(pages)('%s has sound YAML', (page) => {
    for (const { language, text } of blocksOf(page)) if (language === 'yaml') expect(() => parse(text)).not.toThrow();
  });
});

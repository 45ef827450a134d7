import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { errorRegistry } from '../../src/errors/registry';
import { type Diagnostic, StowageError } from '../../src/errors/stowage-error';

const codes = Object.keys(errorRegistry);
const triggers = new Map<string, () => unknown>();

beforeAll(async () => {
  for (const file of readdirSync(__dirname).filter((name) => /^triggers-.*\.ts$/.test(name))) {
    const area = (await import(join(__dirname, file))) as { triggers: Record<string, () => unknown> };
    for (const [code, trigger] of Object.entries(area.triggers)) {
      expect(triggers.has(code), `${code} has one trigger`).toBe(false);
      triggers.set(code, trigger);
    }
  }
});

/** The diagnostics that a trigger throws, resolves to or returns, alone or inside a result. */
async function diagnosticsFrom(trigger: () => unknown): Promise<readonly Diagnostic[]> {
  try {
    const result = await trigger();
    if (Array.isArray(result)) return result as Diagnostic[];
    const { diagnostics, findings, warnings } = (result ?? {}) as Record<string, readonly Diagnostic[] | undefined>;
    return diagnostics ?? findings ?? warnings ?? [];
  } catch (error) {
    if (StowageError.is(error)) return error.diagnostics;
    throw error;
  }
}

describe('the registry of errors', () => {
  it.each(codes)('%s can be caused, and says what is wrong and what to do', async (code) => {
    const trigger = triggers.get(code);
    if (trigger === undefined) throw new Error(`no test/errors/triggers-*.ts causes ${code}`);
    const found = (await diagnosticsFrom(trigger)).find((diagnostic) => diagnostic.code === code);
    expect(found?.message).toMatch(/\S/);
    expect(found?.hint).toMatch(/\S/);
  });

  it('is all that is triggered', () => {
    expect([...triggers.keys()].filter((code) => !codes.includes(code))).toEqual([]);
  });

  it('has a title, a cause and a remedy for each code', () => {
    for (const { title, cause, remedy } of Object.values(errorRegistry)) {
      expect(title).toMatch(/^[A-Z][^.]*$/);
      expect(cause).toMatch(/\.$/);
      expect(remedy).toMatch(/\.$/);
    }
  });

  it('stands whole in the reference', () => {
    const page = readFileSync(resolve(__dirname, '../../docs/reference/errors.md'), 'utf8');
    for (const [code, { title, cause, remedy }] of Object.entries(errorRegistry)) {
      expect(page).toContain(code);
      for (const text of [title, cause, remedy])
        expect(page).toContain(text.replaceAll('<', '&lt;').replaceAll('>', '&gt;'));
    }
  });
});

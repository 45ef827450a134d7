import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { generatedFiles } from '../../scripts/docs';

describe('generated files', () => {
  it.each([...generatedFiles()])('%s is what `npm run docs` writes', (file, text) => {
    expect(readFileSync(join(__dirname, '../..', file), 'utf8')).toBe(text);
  });
});

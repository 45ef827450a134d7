import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import type { Findings } from './findings';

const chunkBytes = 1 << 20;

/** The whole file as text, or null and a finding. */
export function readText(file: string, findings: Findings): string | null {
  try {
    if (!statSync(file).isFile()) throw new Error('it is not a file');
    return decode(readFileSync(file), file, findings);
  } catch (error) {
    findings.add('STW1001', `cannot read ${file}: ${reason(error)}`, { file });
    return null;
  }
}

/** Calls `take` with each line and its number, reading in chunks so that the file is never held whole. */
export function readLines(file: string, findings: Findings, take: (line: string, number: number) => void): void {
  let handle: number;
  try {
    if (!statSync(file).isFile()) throw new Error('it is not a file');
    handle = openSync(file, 'r');
  } catch (error) {
    findings.add('STW1001', `cannot read ${file}: ${reason(error)}`, { file });
    return;
  }
  try {
    const buffer = Buffer.alloc(chunkBytes);
    const decoder = new TextDecoder('utf-8', { fatal: true });
    let rest = '';
    let number = 0;
    for (;;) {
      const count = readSync(handle, buffer, 0, chunkBytes, null);
      const bytes = buffer.subarray(0, count);
      if (bytes.includes(0)) throw new NotText();
      const lines = (rest + decoder.decode(bytes, { stream: count > 0 })).split('\n');
      rest = count > 0 ? (lines.pop() ?? '') : '';
      for (const line of lines) take(line.endsWith('\r') ? line.slice(0, -1) : line, ++number);
      if (count === 0) return;
    }
  } catch (error) {
    if (!(error instanceof NotText) && !isDecodeError(error)) throw error;
    findings.add('STW1002', `${file} is not UTF-8 text`, { file });
  } finally {
    closeSync(handle);
  }
}

class NotText extends Error {}

function decode(bytes: Buffer, file: string, findings: Findings): string | null {
  try {
    if (bytes.includes(0)) throw new NotText();
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof NotText) && !isDecodeError(error)) throw error;
    findings.add('STW1002', `${file} is not UTF-8 text`, { file });
    return null;
  }
}

function isDecodeError(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_ENCODING_INVALID_ENCODED_DATA';
}

export function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'it does not exist';
  if (code === 'EACCES') return 'permission denied';
  return message;
}

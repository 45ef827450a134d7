import { isAscii } from 'node:buffer';
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import type { Findings } from './findings';

const chunkBytes = 1 << 20;
/** No line of text is longer; a file without line ends must not fill the memory. */
const longestLine = 1 << 24;

/** The whole file as text, or null and a finding that calls it `shown`. */
export function readText(file: string, shown: string, findings: Findings): string | null {
  try {
    requireFile(file);
    const bytes = readFileSync(file);
    if (bytes.includes(0)) throw new NotText();
    return isAscii(bytes) ? bytes.toString('latin1') : new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    reportUnreadable(error, shown, findings);
    return null;
  }
}

/**
 * Calls `take` with each line and its number, reading in chunks so that the file is never held whole. What `take` throws
 * passes through.
 */
export function readLines(
  file: string,
  shown: string,
  findings: Findings,
  take: (line: string, number: number) => void,
): void {
  let number = 0;
  for (const lines of lineChunks(file, shown, findings)) {
    for (const line of lines) take(line.endsWith('\r') ? line.slice(0, -1) : line, ++number);
  }
}

/** The lines of a file, a chunk's worth at a time; ends early, with a finding, where it cannot be read on. */
function* lineChunks(file: string, shown: string, findings: Findings): Generator<readonly string[]> {
  let handle: number | null = null;
  let number = 0;
  try {
    requireFile(file);
    handle = openSync(file, 'r');
    const buffer = Buffer.alloc(chunkBytes);
    const decode = chunkDecoder();
    let rest = '';
    for (let count = -1; count !== 0; ) {
      count = readSync(handle, buffer, 0, chunkBytes, null);
      const bytes = buffer.subarray(0, count);
      if (bytes.includes(0)) throw new NotText();
      const lines = (rest + decode(bytes)).split('\n');
      rest = count > 0 ? (lines.pop() ?? '') : '';
      number += lines.length;
      yield lines;
      if (rest.length > longestLine) throw new LineTooLong();
    }
  } catch (error) {
    if (error instanceof LineTooLong)
      findings.add('STW1003', `the line is longer than ${longestLine} characters`, { file: shown, line: number + 1 });
    else reportUnreadable(error, shown, findings);
  } finally {
    if (handle !== null) closeSync(handle);
  }
}

/** Decodes a file chunk by chunk, the last of them empty; ASCII without the decoder, which takes four times as long. */
function chunkDecoder(): (bytes: Buffer) => string {
  let decoder: InstanceType<typeof TextDecoder> | null = null;
  let first = true;
  let open = false;
  return (bytes) => {
    const ascii = !open && isAscii(bytes);
    // Only at the beginning of the file is there a mark to leave out.
    if (!ascii) decoder ??= new TextDecoder('utf-8', { fatal: true, ignoreBOM: !first });
    first = false;
    if (ascii || decoder === null) return bytes.toString('latin1');
    // A character may be cut in two where the chunk does not end in ASCII.
    open = (bytes.at(-1) ?? 0) > 127;
    return decoder.decode(bytes, { stream: bytes.length > 0 });
  };
}

class NotText extends Error {}
class LineTooLong extends Error {}

function requireFile(file: string): void {
  if (!statSync(file).isFile()) throw new Error('it is not a file');
}

/** Any error but one of reading is not ours to report. */
function reportUnreadable(error: unknown, shown: string, findings: Findings): void {
  if (error instanceof NotText || (error as NodeJS.ErrnoException).code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
    findings.add('STW1002', `${shown} is not UTF-8 text`, { file: shown });
  else findings.add('STW1001', `cannot read ${shown}: ${reason(error)}`, { file: shown });
}

/** Why something failed, in one line. Anything can be thrown, null too. */
export function reason(error: unknown): string {
  const { code, message } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'it does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  return (typeof message === 'string' ? message : String(error)).split('\n')[0] ?? '';
}

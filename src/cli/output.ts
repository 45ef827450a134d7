import { once } from 'node:events';
import { reason } from '../declare/text-file';
import { diagnostic, StowageError } from '../errors/stowage-error';
import { writeFileAtomic } from '../project/atomic-file';
import { shownPath } from '../project/lock-io';

/** A reader that went away (`| head`) is no error. */
export function handleClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
      throw error;
    });
  }
}

/** Writes to standard output no faster than the reader reads. */
export async function printChunks(chunks: Iterable<string>): Promise<void> {
  for (const chunk of chunks) if (!process.stdout.write(chunk)) await once(process.stdout, 'drain');
}

export function print(text: string): void {
  process.stdout.write(text);
}

/** @throws StowageError STW5003 */
export function writeFile(path: string, text: string): void {
  try {
    writeFileAtomic(path, text);
  } catch (error) {
    throw notWritten(path, error);
  }
}

export function notWritten(path: string, error: unknown): StowageError {
  const shown = shownPath(path);
  return new StowageError(
    [diagnostic('STW5003', `cannot write ${shown}: ${reason(error)}`, { location: { file: shown } })],
    { cause: error },
  );
}

/** To the file where one is named, else to standard output. */
export function deliver(text: string, out: string | undefined): void {
  if (out === undefined || out === '-') print(text);
  else writeFile(out, text);
}

export function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

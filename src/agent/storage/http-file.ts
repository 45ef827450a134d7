import { createWriteStream } from 'node:fs';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { agentError, reasonOf } from '../reason';
import { type Checksum, check, statedChecksum } from './checksum';
import type { FetchContext } from './source';

export type HttpHeaders = Readonly<Record<string, string>>;

export interface HttpFile {
  readonly url: URL;
  /** Named in messages; without secrets. */
  readonly shown: string;
  /** Headers of one request; signed ones depend on the others. */
  readonly headers: (extra: HttpHeaders) => HttpHeaders | Promise<HttpHeaders>;
  /** What the whole file must come to; null: take the response's word. */
  readonly expected: Checksum | null;
  /** Names the content that the URL has for ever; null: the URL's content may change, its ETag says when. */
  readonly version: string | null;
}

/**
 * Downloads into `file`. What an earlier try left is continued where the server still has the same version; the finished
 * file appears under its name at once.
 */
export async function fetchFile(source: HttpFile, file: string, context: FetchContext): Promise<void> {
  if (await isFile(file)) return;
  // Names that no model's file is likely to have.
  const part = `${file}.~part`;
  const note = `${file}.~version`;
  const version = await readFile(note, 'utf8').catch(() => null);
  const known = version !== null && (source.version === null || source.version === version);
  const have = known ? ((await stat(part).catch(() => null))?.size ?? 0) : 0;
  const unchanged: HttpHeaders = source.version === null && version !== null ? { 'if-range': version } : {};
  const response = await ask(source, have > 0 ? { range: `bytes=${have}-`, ...unchanged } : {}, context);
  if (response.status === 416) {
    await response.body?.cancel();
    const length = /^bytes \*\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1];
    // It broke off after the last byte; where the file is shorter than what is there, begin again.
    if (source.expected !== null && length === String(have)) return await finish(source.expected);
    await rm(part, { force: true });
    await rm(note, { force: true });
    throw agentError('STW6102', `${source.shown}: changed while it was fetched`);
  }
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw agentError('STW6102', `${source.shown}: ${statusOf(response)}`);
  }
  const resumed = response.status === 206;
  if (resumed && !startsAt(response.headers, have)) {
    await response.body.cancel();
    await rm(note, { force: true });
    throw agentError('STW6102', `${source.shown}: the server sent another range than it was asked for`);
  }
  const mark = source.version ?? strongVersion(response.headers);
  if (mark === null) await rm(note, { force: true });
  else await writeFile(note, mark);
  const length = Number(response.headers.get('content-length') ?? Number.NaN);
  if (Number.isFinite(length)) context.reserve(length);
  const body = Readable.fromWeb(response.body as never);
  const counted = Number.isFinite(length) ? body : Readable.from(counting(body, context.reserve));
  try {
    await pipeline(counted, createWriteStream(part, { flags: resumed ? 'a' : 'w' }), { signal: context.signal });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw agentError('STW6104', 'the disk is full', error);
    throw agentError('STW6102', `${source.shown}: broke off: ${reasonOf(error)}`, error);
  }
  await finish(source.expected ?? (resumed ? null : statedChecksum(response.headers)));

  async function finish(expected: Checksum | null): Promise<void> {
    if (expected !== null) await check(part, expected, source.shown);
    await rm(note, { force: true });
    await rename(part, file);
  }
}

async function ask(source: HttpFile, extra: HttpHeaders, context: FetchContext): Promise<Response> {
  // No compression: a range counts bytes of the file itself.
  const headers = await source.headers({ 'accept-encoding': 'identity', ...extra });
  try {
    return await fetch(source.url, { headers, signal: context.signal });
  } catch (error) {
    throw agentError('STW6102', `${source.shown}: ${reasonOf(error)}`, error);
  }
}

/** "HTTP 404 Not Found", and what the Hugging Face Hub says beside it. */
export function statusOf({ status, statusText, headers }: Response): string {
  const more = headers.get('x-error-message');
  return `HTTP ${status} ${statusText}${more === null ? '' : `: ${more}`}`.trimEnd();
}

function startsAt(headers: Headers, from: number): boolean {
  const range = headers.get('content-range');
  return range === null || range.startsWith(`bytes ${from}-`);
}

async function* counting(body: Readable, reserve: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of body) {
    reserve((chunk as Buffer).length);
    yield chunk as Buffer;
  }
}

/** Only a strong validator proves that both halves are of one file. */
function strongVersion(headers: Headers): string | null {
  const etag = headers.get('etag');
  return etag?.startsWith('"') ? etag : null;
}

async function isFile(file: string): Promise<boolean> {
  return (await stat(file).catch(() => null))?.isFile() ?? false;
}

import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { agentError, reasonOf } from '../reason';
import type { FetchContext } from './source';

export interface HttpFile {
  readonly url: URL;
  /** Named in messages; without secrets. */
  readonly shown: string;
  /** Headers of one request; signed ones depend on the others. */
  readonly headers: (extra: Readonly<Record<string, string>>) => Readonly<Record<string, string>>;
  /** What the whole file must come to; null: take the response's word. */
  readonly expected: Checksum | null;
}

export interface Checksum {
  readonly algorithm: 'sha256' | 'md5' | 'sha1';
  readonly hex: string;
}

/**
 * Downloads into `file`. What an earlier try left in `file`.part is continued where the server still has the same
 * version; the finished file appears under its name at once.
 */
export async function fetchFile(source: HttpFile, file: string, context: FetchContext): Promise<void> {
  if (await isFile(file)) return;
  const part = `${file}.part`;
  const note = `${file}.version`;
  const version = await readFile(note, 'utf8').catch(() => null);
  const have = version === null ? 0 : ((await stat(part).catch(() => null))?.size ?? 0);
  const range: Record<string, string> =
    have > 0 && version !== null ? { range: `bytes=${have}-`, 'if-range': version } : {};
  const response = await ask(source, range, context);
  if (response.status === 416) {
    // What is there is longer than the file: begin again.
    await rm(part, { force: true });
    await rm(note, { force: true });
    throw agentError('STW6102', `${source.shown}: changed while it was fetched`);
  }
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw agentError('STW6102', `${source.shown}: HTTP ${response.status} ${response.statusText}`.trimEnd());
  }
  const resumed = response.status === 206;
  const etag = strongVersion(response.headers);
  if (etag === null) await rm(note, { force: true });
  else await writeFile(note, etag);
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
  const expected = source.expected ?? (resumed ? null : statedChecksum(response.headers));
  if (expected !== null) await check(part, expected, source.shown);
  await rm(note, { force: true });
  await rename(part, file);
}

async function ask(source: HttpFile, extra: Record<string, string>, context: FetchContext): Promise<Response> {
  try {
    // No compression: a range counts bytes of the file itself.
    const headers = source.headers({ 'accept-encoding': 'identity', ...extra });
    return await fetch(source.url, { headers, signal: context.signal });
  } catch (error) {
    throw agentError('STW6102', `${source.shown}: ${reasonOf(error)}`, error);
  }
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

/** Checksums that servers send, of the whole file. */
function statedChecksum(headers: Headers): Checksum | null {
  for (const name of ['x-amz-checksum-sha256', 'x-checksum-sha256']) {
    const value = headers.get(name);
    // S3 gives base64, with "-n" behind it for a file of n parts.
    if (value !== null && !value.includes('-')) return { algorithm: 'sha256', hex: asHex(value, 64) };
  }
  const digest = /sha-256=:?([A-Za-z0-9+/]+=*)/.exec(headers.get('repr-digest') ?? headers.get('digest') ?? '');
  if (digest?.[1] !== undefined) return { algorithm: 'sha256', hex: asHex(digest[1], 64) };
  const md5 = headers.get('content-md5');
  return md5 === null ? null : { algorithm: 'md5', hex: asHex(md5, 32) };
}

function asHex(value: string, length: number): string {
  return value.length === length && /^[0-9a-f]+$/i.test(value)
    ? value.toLowerCase()
    : Buffer.from(value, 'base64').toString('hex');
}

async function check(part: string, expected: Checksum, shown: string): Promise<void> {
  const hash = createHash(expected.algorithm);
  await pipeline(createReadStream(part), hash);
  const actual = hash.digest('hex');
  if (actual === expected.hex.toLowerCase()) return;
  await rm(part, { force: true });
  const message = `${shown}: ${expected.algorithm} of ${basename(part, '.part')} is ${actual}, not ${expected.hex}`;
  throw agentError('STW6103', message);
}

async function isFile(file: string): Promise<boolean> {
  return (await stat(file).catch(() => null))?.isFile() ?? false;
}

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { agentError } from '../reason';
import { Crc32c } from './crc32c';

export interface Checksum {
  /** `git-blob`: SHA-1 as git names a file's content. */
  readonly algorithm: 'sha256' | 'sha512' | 'md5' | 'git-blob' | 'crc32c';
  readonly hex: string;
}

/**
 * Removes what is not as expected.
 * @throws StowageError STW6103
 */
export async function check(file: string, expected: Checksum, shown: string): Promise<void> {
  const actual = await digestOf(file, expected.algorithm);
  if (actual === expected.hex.toLowerCase()) return;
  await rm(file, { force: true });
  throw agentError('STW6103', `${shown}: ${expected.algorithm} of what came is ${actual}, not ${expected.hex}`);
}

async function digestOf(file: string, algorithm: Checksum['algorithm']): Promise<string> {
  const hash: { update(bytes: Uint8Array): unknown; digest(form: 'hex'): string } =
    algorithm === 'crc32c' ? new Crc32c() : createHash(algorithm === 'git-blob' ? 'sha1' : algorithm);
  if (algorithm === 'git-blob') hash.update(Buffer.from(`blob ${(await stat(file)).size}\0`));
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Checksums that servers send, of the whole file. */
export function statedChecksum(headers: Headers): Checksum | null {
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
  return value.length === length && /^[0-9a-f]+$/i.test(value) ? value.toLowerCase() : base64Hex(value);
}

export function base64Hex(value: string): string {
  return Buffer.from(value, 'base64').toString('hex');
}

import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, normalize, sep } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { StowageError } from '../../errors/stowage-error';
import { agentError, reasonOf } from '../reason';

const block = 512;

export function isArchive(file: string): boolean {
  return /\.(tar|tar\.gz|tgz)$/.test(file);
}

export interface UnpackOptions {
  /** Layers of images say with `.wh.` names what is no longer there. */
  readonly whiteouts?: boolean;
  /** Whether an entry that is neither file nor folder may be left out. */
  readonly leaveOut?: (name: string) => boolean;
}

/**
 * Unpacks files and folders of a tar archive (ustar, pax and GNU long names), with or without gzip.
 * @throws StowageError STW6101 for zstd, STW6103 for an entry that would lie outside `folder`, a link, or a broken archive,
 *   STW6104
 */
export async function unpack(
  archive: string,
  folder: string,
  reserve: (bytes: number) => void,
  options: UnpackOptions = {},
): Promise<void> {
  const packed = await packedBy(archive);
  const file = createReadStream(archive);
  const plain = packed === 'gzip' ? file.pipe(createGunzip()) : file;
  file.on('error', (error) => plain.destroy(error));
  const bytes = new ByteReader(plain);
  let longName: string | null = null;
  let longSize: number | null = null;
  try {
    for (;;) {
      const header = await bytes.take(block);
      if (header === null || header.every((byte) => byte === 0)) return;
      const entry = readHeader(header);
      let { size } = entry;
      if (entry.type === 'x') {
        const text = await bytes.text(size);
        longName = paxValue(text, 'path') ?? longName;
        // Of 8 GiB and more, which the header has no room for.
        longSize = paxSize(text);
      } else if (entry.type === 'L') {
        longName = (await bytes.text(size)).replace(/\0.*$/s, '');
      } else if (entry.type === 'g' || entry.type === 'K') {
        await bytes.text(size);
      } else {
        size = longSize ?? size;
        await writeEntry({ name: longName ?? entry.name, size, type: entry.type }, folder, bytes, reserve, options);
        longName = null;
        longSize = null;
      }
      await bytes.skip((block - (size % block)) % block);
    }
  } catch (error) {
    if (StowageError.is(error)) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw agentError('STW6104', 'the disk is full', error);
    throw agentError('STW6103', `the archive cannot be read: ${reasonOf(error)}`, error);
  } finally {
    plain.destroy();
    file.destroy();
  }
}

interface Header {
  readonly name: string;
  readonly size: number;
  readonly type: string;
}

function readHeader(header: Buffer): Header {
  const field = (from: number, to: number) => header.subarray(from, to).toString('utf8').replace(/\0.*$/s, '');
  const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  if (sum !== Number.parseInt(field(148, 156).trim(), 8)) throw new Error('a header does not fit its checksum');
  const prefix = field(257, 262) === 'ustar' ? field(345, 500) : '';
  const high = header[124] ?? 0;
  const size =
    (high & 0x80) !== 0 ? Number(header.readBigUInt64BE(128)) : Number.parseInt(field(124, 136).trim() || '0', 8);
  const type = String.fromCharCode(header[156] ?? 0);
  if (!Number.isSafeInteger(size) || size < 0) throw new Error('a header has no size');
  return { name: prefix === '' ? field(0, 100) : `${prefix}/${field(0, 100)}`, size, type };
}

async function writeEntry(
  { name, size, type }: Header,
  folder: string,
  bytes: ByteReader,
  reserve: (bytes: number) => void,
  options: UnpackOptions,
): Promise<void> {
  const path = normalize(join(folder, name)).replace(/(?<=.)\/$/, '');
  if (name.startsWith('/') || name.includes('\0') || (path !== folder && !path.startsWith(`${folder}${sep}`))) {
    throw agentError('STW6103', `the archive has an entry outside its folder: ${name}`);
  }
  const whiteout = options.whiteouts === true ? /^\.wh\.(.+)$/s.exec(basename(path))?.[1] : undefined;
  if (whiteout !== undefined) {
    await bytes.skip(size);
    await whiteOut(dirname(path), whiteout);
  } else if (type === '5') {
    await bytes.skip(size);
    if (path !== folder && (await stat(path).catch(() => null))?.isFile()) await rm(path);
    await mkdir(path, { recursive: true });
  } else if (type === '0' || type === '\0' || type === '7') {
    // Empty files take room too.
    reserve(Math.max(size, block));
    await mkdir(dirname(path), { recursive: true });
    await pipeline(Readable.from(bytes.chunks(size)), createWriteStream(path));
  } else if (options.leaveOut?.(normalize(name)) === true) {
    await bytes.skip(size);
  } else {
    throw agentError('STW6103', `the archive has an entry that is neither file nor folder: ${name}`);
  }
}

/** `.wh.name` takes away a name of the layers below, `.wh..wh..opq` all that is in the folder. */
async function whiteOut(folder: string, name: string): Promise<void> {
  if (name === '.' || name === '..') throw agentError('STW6103', `the archive takes away "${name}"`);
  const gone = name === '.wh..opq' ? await readdir(folder).catch(() => []) : [name];
  for (const item of gone) await rm(join(folder, item), { recursive: true, force: true });
}

/** "24 path=a/b\n": length, key and value of each record. */
function paxValue(text: string, key: string): string | undefined {
  return new RegExp(`(?:^|\\n)\\d+ ${key}=([^\\n]*)\\n`).exec(text)?.[1];
}

function paxSize(text: string): number | null {
  const value = paxValue(text, 'size');
  if (value === undefined) return null;
  const size = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(size)) throw new Error('a header has no size');
  return size;
}

/** By its first bytes: names say it in too many ways. */
async function packedBy(archive: string): Promise<'gzip' | null> {
  const file = await open(archive);
  try {
    const start = Buffer.alloc(4);
    await file.read(start, 0, 4, 0);
    if (start.equals(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]))) {
      throw agentError('STW6101', 'the archive is packed by zstd, which this agent cannot unpack: use gzip');
    }
    return start[0] === 0x1f && start[1] === 0x8b ? 'gzip' : null;
  } finally {
    await file.close();
  }
}

class ByteReader {
  private buffer: Buffer = Buffer.alloc(0);
  private readonly source: AsyncIterator<Buffer>;

  constructor(stream: Readable) {
    this.source = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** Null at the end. */
  async take(size: number): Promise<Buffer | null> {
    const parts: Buffer[] = [];
    for await (const chunk of this.chunks(size, true)) parts.push(chunk);
    const all = Buffer.concat(parts);
    if (all.length === 0 && size > 0) return null;
    if (all.length < size) throw new Error('it ends too early');
    return all;
  }

  async text(size: number): Promise<string> {
    if (size > 1024 * 1024) throw new Error('a name is too long');
    return ((await this.take(size)) ?? Buffer.alloc(0)).toString('utf8');
  }

  async skip(size: number): Promise<void> {
    for await (const _ of this.chunks(size));
  }

  async *chunks(size: number, mayEnd = false): AsyncGenerator<Buffer> {
    let left = size;
    while (left > 0) {
      if (this.buffer.length === 0) {
        const next = await this.source.next();
        if (next.done === true) {
          if (mayEnd) return;
          throw new Error('it ends too early');
        }
        this.buffer = next.value;
      }
      const piece = this.buffer.subarray(0, left);
      this.buffer = this.buffer.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }
}

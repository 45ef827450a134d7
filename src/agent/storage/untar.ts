import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join, normalize, sep } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { agentError, reasonOf } from '../reason';

const block = 512;

export function isArchive(file: string): boolean {
  return /\.(tar|tar\.gz|tgz)$/.test(file);
}

/**
 * Unpacks files and folders of a tar archive (ustar, pax and GNU long names), with or without gzip.
 * @throws StowageError STW6103 for an entry that would lie outside `folder`, a link, or a broken archive
 */
export async function unpack(archive: string, folder: string, reserve: (bytes: number) => void): Promise<void> {
  const file = createReadStream(archive);
  const plain = archive.endsWith('.tar') ? file : file.pipe(createGunzip());
  file.on('error', (error) => plain.destroy(error));
  const bytes = new ByteReader(plain);
  let longName: string | null = null;
  try {
    for (;;) {
      const header = await bytes.take(block);
      if (header === null || header.every((byte) => byte === 0)) return;
      const entry = readHeader(header);
      const name: string = longName ?? entry.name;
      longName = null;
      if (entry.type === 'x' || entry.type === 'L') {
        const text = await bytes.text(entry.size);
        longName = entry.type === 'L' ? text.replace(/\0.*$/s, '') : (paxPath(text) ?? null);
      } else if (entry.type === 'g') {
        await bytes.text(entry.size);
      } else {
        await writeEntry(name, entry, folder, bytes, reserve);
      }
      await bytes.skip((block - (entry.size % block)) % block);
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && !String((error as { code: unknown }).code).startsWith('Z_'))
      throw error;
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
  name: string,
  { size, type }: Header,
  folder: string,
  bytes: ByteReader,
  reserve: (bytes: number) => void,
): Promise<void> {
  const path = normalize(join(folder, name));
  if (name.startsWith('/') || (path !== folder && !path.startsWith(`${folder}${sep}`) && path !== `${folder}${sep}`)) {
    throw agentError('STW6103', `the archive has an entry outside its folder: ${name}`);
  }
  if (type === '5') {
    await mkdir(path, { recursive: true });
  } else if (type === '0' || type === '\0' || type === '7') {
    reserve(size);
    await mkdir(dirname(path), { recursive: true });
    await pipeline(Readable.from(bytes.chunks(size)), createWriteStream(path));
  } else {
    throw agentError('STW6103', `the archive has an entry that is neither file nor folder: ${name}`);
  }
}

/** "24 path=a/b\n": length, key and value of each record. */
function paxPath(text: string): string | undefined {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(text)?.[1];
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

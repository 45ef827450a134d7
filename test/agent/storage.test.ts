import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { credentialsFrom } from '../../src/agent/storage/credentials';
import { signedHeaders } from '../../src/agent/storage/s3-sign';
import { Store } from '../../src/agent/storage/store';
import { freePorts, missingPart, partFile, start, stopAll, until } from './support/parts';
import { entry } from './support/tables';

let root: string;
let store: Store;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'stowage-storage-'));
  mkdirSync(join(root, 'secret'));
  store = await opened();
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function opened(capacity = 2 ** 30): Promise<Store> {
  const made = new Store({
    root: join(root, 'store'),
    credentials: credentialsFrom(join(root, 'secret')),
    claims: join(root, 'claims'),
    capacityBytes: () => capacity,
  });
  await made.open();
  return made;
}

const model = (uri: string) => entry({ name: 'a', uri });
const fetchModel = (uri: string, from = store) => from.fetch(model(uri), AbortSignal.timeout(20_000));

/** Paths and texts of what was fetched. */
function contents(uri: string): Record<string, string> {
  const folder = store.folderOf(model(uri));
  const all: Record<string, string> = {};
  for (const item of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(item.parentPath, item.name);
    if (item.isFile()) all[path.slice(folder.length + 1)] = readFileSync(path, 'utf8');
  }
  return all;
}

function write(files: Readonly<Record<string, string>>, at = join(root, 'model')): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(at, path, '..'), { recursive: true });
    writeFileSync(join(at, path), text);
  }
  return at;
}

describe('files and claims', () => {
  it('come as a file or as a folder, and links only from inside', async () => {
    const at = write({ 'model.bin': 'one', 'deep/er/more.bin': 'two' });
    symlinkSync('model.bin', join(at, 'link.bin'));
    const uri = `file://${at}`;
    await fetchModel(uri);
    expect(contents(uri)).toEqual({ 'model.bin': 'one', 'deep/er/more.bin': 'two', 'link.bin': 'one' });
    await fetchModel(`file://${at}/model.bin`);
    expect(contents(`file://${at}/model.bin`)).toEqual({ 'model.bin': 'one' });
    symlinkSync('/etc/hostname', join(at, 'out.bin'));
    await expect(fetchModel(`file://${at}/`)).rejects.toThrow(/STW6103.*leads outside/);
    expect(existsSync(store.folderOf(model(`file://${at}/`)))).toBe(false);
  });

  it('are read from the claim alone', async () => {
    write({ 'm/model.bin': 'one' }, join(root, 'claims', 'shared'));
    await fetchModel('pvc://shared/m');
    expect(contents('pvc://shared/m')).toEqual({ 'model.bin': 'one' });
    write({ 'model.bin': 'secret' }, join(root, 'elsewhere'));
    await expect(fetchModel('pvc://shared/../../elsewhere')).rejects.toThrow(/STW6102/);
  });

  it('stay within the room there is, and leave nothing half done', async () => {
    const small = await opened(1000);
    const at = write({ a: 'x'.repeat(600), b: 'x'.repeat(600) });
    await expect(fetchModel(`file://${at}`, small)).rejects.toThrow(/STW6104.*needs 600 B more of disk, 400 B is left/);
    expect(small.usedBytes).toBe(0);
    expect(existsSync(join(root, 'store', 'partial', 't~a~1', 'x'))).toBe(false);
    await fetchModel(`file://${at}/a`, small);
    expect(small.usedBytes).toBe(600);
    expect((await opened(1000)).usedBytes).toBe(600);
    await small.discard('t~a~1');
    expect(small.usedBytes).toBe(0);
  });
});

describe('archives', () => {
  it.each(['tar', 'tar.gz', 'tgz'])('.%s is unpacked, long names too', async (kind) => {
    const long = `${'d'.repeat(90)}/${'e'.repeat(90)}/model.bin`;
    const at = write({ 'model.bin': 'x'.repeat(5000), [long]: 'deep' });
    const archive = join(root, `model.${kind}`);
    execFileSync('tar', [kind === 'tar' ? '-cf' : '-czf', archive, '-C', at, '.']);
    await fetchModel(`file://${archive}`);
    expect(contents(`file://${archive}`)).toEqual({ 'model.bin': 'x'.repeat(5000), [long]: 'deep' });
  });

  it('may not write outside, hold links or break off', async () => {
    const at = write({ 'model.bin': 'x'.repeat(5000) });
    const outside = join(root, 'outside.tar');
    execFileSync('tar', ['-cPf', outside, '-C', at, '--transform', 's,^,../../,', 'model.bin']);
    await expect(fetchModel(`file://${outside}`)).rejects.toThrow(/STW6103.*outside/);
    symlinkSync('/etc/passwd', join(at, 'link'));
    const links = join(root, 'links.tar');
    execFileSync('tar', ['-cf', links, '-C', at, '.']);
    await expect(fetchModel(`file://${links}`)).rejects.toThrow(/STW6103.*neither file nor folder/);
    const cut = join(root, 'cut.tar');
    writeFileSync(cut, readFileSync(links).subarray(0, 2000));
    await expect(fetchModel(`file://${cut}`)).rejects.toThrow(/STW6103/);
    const zipped = join(root, 'cut.tgz');
    writeFileSync(zipped, 'not a zip at all');
    await expect(fetchModel(`file://${zipped}`)).rejects.toThrow(/STW6103/);
  });
});

describe('https', () => {
  const body = Buffer.from('0123456789'.repeat(100_000));
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  });
  let origin: string;
  beforeAll(async () => {
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => asked.splice(0));
  afterAll(() => void server.close());

  it('goes on where it broke off, while the file is the same', async () => {
    answer = (request, response) => {
      const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      const ranged = from > 0 && request.headers['if-range'] === '"v1"';
      const rest = ranged ? body.subarray(from) : body;
      response.writeHead(ranged ? 206 : 200, { etag: '"v1"', 'content-length': rest.length });
      if (asked.length > 1) response.end(rest);
      else response.write(rest.subarray(0, 300_000), () => setTimeout(() => response.destroy(), 50));
    };
    const uri = `${origin}/m/model.bin#sha256=${createHash('sha256').update(body).digest('hex')}`;
    await expect(fetchModel(uri)).rejects.toThrow(/STW6102.*broke off/);
    expect(store.has(model(uri))).toBe(false);
    // Also by an agent that has started anew.
    store = await opened();
    await fetchModel(uri);
    expect(asked[1]?.headers.range).toMatch(/^bytes=[1-9]\d+-$/);
    expect(contents(uri)).toEqual({ 'model.bin': body.toString() });
  });

  it('begins again when the file has changed', async () => {
    answer = (_, response) => {
      response.writeHead(200, { etag: `"v${asked.length}"`, 'content-length': body.length });
      if (asked.length > 1) response.end(body);
      else response.write(body.subarray(0, 300_000), () => setTimeout(() => response.destroy(), 50));
    };
    await expect(fetchModel(`${origin}/model.bin`)).rejects.toThrow(/STW6102/);
    await fetchModel(`${origin}/model.bin`);
    expect(contents(`${origin}/model.bin`)).toEqual({ 'model.bin': body.toString() });
  });

  it('believes no file that is not what its checksum says', async () => {
    answer = (_, response) => {
      const sum = createHash('sha256').update('another').digest('base64');
      response.writeHead(200, { 'repr-digest': `sha-256=:${sum}:` });
      response.end(body);
    };
    await expect(fetchModel(`${origin}/model.bin`)).rejects.toThrow(/STW6103.*sha256/);
  });

  it('sends the token of the host, and says what the server said', async () => {
    writeFileSync(join(root, 'secret', 'bearer.127.0.0.1'), 'token\n');
    answer = (request, response) => {
      const known = request.headers.authorization === 'Bearer token';
      response.writeHead(known ? 404 : 401).end();
    };
    await expect(fetchModel(`${origin}/a.bin?key=hidden`)).rejects.toThrow(/\/a\.bin: HTTP 404 Not Found$/);
  });
});

const missing = missingPart('s3');

describe.skipIf(missing !== null)(`s3${missing === null ? '' : ` (${missing})`}`, () => {
  let endpoint: string;
  let place: string;
  beforeAll(async () => {
    place = mkdtempSync(join(tmpdir(), 'stowage-s3-'));
    const [port = 0] = await freePorts(1);
    endpoint = `http://127.0.0.1:${port}`;
    const bucket = ['--no-vhost-buckets', '--configure-bucket', 'models'];
    start(process.execPath, [partFile('s3', 'bin/s3rver'), '-d', place, '-a', '127.0.0.1', '-p', `${port}`, ...bucket]);
    await until('S3 answers', async () => (await fetch(`${endpoint}/models`)).status === 200);
    for (const [key, text] of Object.entries({
      'one/model.bin': 'one',
      'one/1/a b+c&d.txt': 'odd',
      'one-more/model.bin': 'more',
      'two.bin': 'two',
    })) {
      const path = key.split('/').map(encodeURIComponent).join('/');
      const put = await fetch(`${endpoint}/models/${path}`, { method: 'PUT', body: text });
      expect(put.status).toBe(200);
    }
  });
  afterAll(async () => {
    await stopAll();
    rmSync(place, { recursive: true, force: true });
  });

  function keys(secret: string): void {
    const all = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: secret, AWS_ENDPOINT_URL: endpoint };
    for (const [name, text] of Object.entries(all)) writeFileSync(join(root, 'secret', name), text);
  }

  it('brings one object, or all under a prefix, with signed requests', async () => {
    keys('S3RVER');
    await fetchModel('s3://models/one');
    expect(contents('s3://models/one')).toEqual({ 'model.bin': 'one', '1/a b+c&d.txt': 'odd' });
    await fetchModel('s3://models/two.bin');
    expect(contents('s3://models/two.bin')).toEqual({ 'two.bin': 'two' });
  });

  it('says what is not there', async () => {
    keys('S3RVER');
    await expect(fetchModel('s3://models/none')).rejects.toThrow(/STW6102.*no such object/);
    await expect(fetchModel('s3://nowhere/none')).rejects.toThrow(/STW6102.*NoSuchBucket/);
  });
});

it('signs as in the example of the S3 API reference', () => {
  const example = {
    accessKeyId: ['AKIA', 'IOSFODNN7EXAMPLE'].join(''),
    secretAccessKey: ['wJalrXUtnFEMI', 'K7MDENG', 'bPxRfiCYEXAMPLEKEY'].join('/'),
  };
  const url = new URL('https://examplebucket.s3.amazonaws.com/test.txt');
  const keys = { ...example, sessionToken: null, region: 'us-east-1' };
  const signed = signedHeaders(url, { range: 'bytes=0-9' }, keys, new Date('2013-05-24T00:00:00Z'));
  expect(signed.authorization).toMatch(/Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41$/);
  expect(signed.authorization).toContain('SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,');
});

it('says which schemes it cannot read', async () => {
  await expect(fetchModel('ftp://host/model')).rejects.toThrow(/STW6101/);
});

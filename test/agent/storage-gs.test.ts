import { createVerify, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Crc32c } from '../../src/agent/storage/crc32c';
import { BadLine } from './support/bad-line';
import { ModelStore } from './support/model-store';
import { freePorts, missingPart, partFile, start, stopAll, until } from './support/parts';

let models: ModelStore;
beforeEach(() => {
  models = new ModelStore();
});
afterEach(() => models.remove());

const missing = missingPart('gcs');

/** The server is fake-gcs-server, which knows no accounts; who may read what is tried on a stand-in below. */
describe.skipIf(missing !== null)(`gs${missing === null ? '' : ` (${missing})`}`, () => {
  const large = '0123456789'.repeat(100_000);
  let origin: string;
  let line: BadLine;
  beforeAll(async () => {
    const [port = 0] = await freePorts(1);
    origin = `http://127.0.0.1:${port}`;
    const listen = ['-host', '127.0.0.1', '-port', `${port}`, '-public-host', `127.0.0.1:${port}`];
    start(partFile('gcs', 'bin/fake-gcs-server'), ['-scheme', 'http', '-backend', 'memory', ...listen]);
    await until('GCS answers', async () => (await fetch(`${origin}/storage/v1/b?project=p`)).ok);
    const made = await fetch(`${origin}/storage/v1/b?project=p`, { method: 'POST', body: '{"name":"models"}' });
    expect(made.status).toBe(200);
    const objects = {
      'one/model.bin': 'one',
      'one/1/a b+c&d?#.txt': 'odd',
      'one/empty-folder/': '',
      'one-more/model.bin': 'more',
      'two.bin': 'two',
      'large/model.bin': large,
      'large/other.bin': 'small',
    };
    for (const [name, body] of Object.entries(objects)) {
      const query = `uploadType=media&name=${encodeURIComponent(name)}`;
      const put = await fetch(`${origin}/upload/storage/v1/b/models/o?${query}`, { method: 'POST', body });
      expect(put.status).toBe(200);
    }
    line = await BadLine.to(origin);
  });
  beforeEach(() => {
    line.seen.splice(0);
    models.secret('STORAGE_EMULATOR_HOST', `http://${line.host}`);
  });
  afterAll(async () => {
    line.close();
    await stopAll();
  });

  it('brings one object, or all under a prefix', async () => {
    await models.fetch('gs://models/one');
    expect(models.contents('gs://models/one')).toEqual({ 'model.bin': 'one', '1/a b+c&d?#.txt': 'odd' });
    await models.fetch('gs://models/two.bin');
    expect(models.contents('gs://models/two.bin')).toEqual({ 'two.bin': 'two' });
  });

  it('goes on where it broke off, also as an agent that has started anew', async () => {
    line.cut(/large%2Fmodel\.bin\?alt=media/, 300_000);
    await expect(models.fetch('gs://models/large')).rejects.toThrow(/STW6102.*broke off/);
    expect(models.has('gs://models/large')).toBe(false);
    models.reopen();
    await models.fetch('gs://models/large');
    expect(line.seen.at(-1)?.headers.range ?? line.seen.at(-2)?.headers.range).toMatch(/^bytes=[1-9]\d+-$/);
    expect(models.contents('gs://models/large')).toEqual({ 'model.bin': large, 'other.bin': 'small' });
  });

  it('refuses what does not come to its checksum, and what has no room', async () => {
    line.spoil(/large%2Fmodel\.bin\?alt=media/, 500_000);
    await expect(models.fetch('gs://models/large/model.bin')).rejects.toThrow(/STW6103.*md5/);
    models.reopen(999_999);
    line.seen.splice(0);
    await expect(models.fetch('gs://models/large')).rejects.toThrow(/STW6104/);
    expect(line.seen.filter(({ url }) => url.includes('alt=media'))).toEqual([]);
  });

  it('says what is not there', async () => {
    await expect(models.fetch('gs://models/none')).rejects.toThrow(/STW6102.*no such object/);
    await expect(models.fetch('gs://nowhere/none')).rejects.toThrow(/STW6102.*HTTP 404/);
  });
});

/** Answers as Google's documentation of service accounts and of the JSON API says; no proof that Google does. */
describe("gs with a service account's key", () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const forms: URLSearchParams[] = [];
  let sum = 'AAAAAA==';
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      const send = (status: number, body: unknown) => response.writeHead(status).end(JSON.stringify(body));
      if (request.url === '/token') {
        forms.push(new URLSearchParams(text));
        send(200, { access_token: 'let-me-in', expires_in: 3600 });
      } else if (request.headers.authorization !== 'Bearer let-me-in') {
        send(401, { error: { message: 'Anonymous caller does not have storage.objects.list access' } });
      } else if (request.url?.includes('alt=media')) {
        response.end('composed');
      } else {
        send(200, { items: [{ name: 'm/model.bin', generation: '7', size: '8', crc32c: sum }] });
      }
    });
  });
  let origin: string;
  const key = (over: object) =>
    JSON.stringify({
      type: 'service_account',
      client_email: 'reader@project.example.org',
      private_key_id: 'k1',
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      token_uri: `${origin}/token`,
      ...over,
    });
  beforeAll(async () => {
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => models.secret('STORAGE_EMULATOR_HOST', origin));
  afterAll(() => void server.close());

  it('asks for one token by a signed statement, and checks by CRC-32C what has no MD5', async () => {
    models.secret('gcloud-application-credentials.json', key({}));
    sum = Buffer.from(new Crc32c().update(Buffer.from('composed')).digest('hex'), 'hex').toString('base64');
    await models.fetch('gs://private/m');
    expect(models.contents('gs://private/m')).toEqual({ 'model.bin': 'composed' });
    expect(forms).toHaveLength(1);
    expect(forms[0]?.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
    const [head = '', claims = '', signature = ''] = forms[0]?.get('assertion')?.split('.') ?? [];
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
    expect(read(head)).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'k1' });
    expect(read(claims)).toMatchObject({ iss: 'reader@project.example.org', aud: `${origin}/token` });
    expect(read(claims).scope).toMatch(/devstorage\.read_only$/);
    const verified = createVerify('RSA-SHA256').update(`${head}.${claims}`).verify(publicKey, signature, 'base64url');
    expect(verified).toBe(true);
  });

  it('refuses another checksum, and says which key it cannot use', async () => {
    sum = 'AAAAAA==';
    await expect(models.fetch('gs://private/m')).rejects.toThrow(/STW6102.*HTTP 401.*Anonymous caller/);
    models.secret('gcloud-application-credentials.json', key({}));
    await expect(models.fetch('gs://private/m')).rejects.toThrow(/STW6103.*crc32c/);
    models.secret('gcloud-application-credentials.json', key({ type: 'authorized_user' }));
    await expect(models.fetch('gs://private/m')).rejects.toThrow(/STW6102.*"authorized_user"/);
    models.secret('gcloud-application-credentials.json', key({ private_key: 'no key' }));
    await expect(models.fetch('gs://private/m')).rejects.toThrow(/STW6102.*cannot sign/);
    models.secret('gcloud-application-credentials.json', 'no JSON');
    await expect(models.fetch('gs://private/m')).rejects.toThrow(/STW6102.*not JSON/);
  });
});

it('computes CRC-32C as RFC 3720 has it', () => {
  const of = (bytes: Uint8Array) => new Crc32c().update(bytes).digest('hex');
  expect(of(Buffer.alloc(32))).toBe('8a9136aa');
  expect(of(Buffer.alloc(32, 0xff))).toBe('62a8ab43');
  expect(of(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe('46dd794e');
});

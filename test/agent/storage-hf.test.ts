import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { ModelStore } from './support/model-store';

/**
 * The Hub itself cannot be had here: two servers that answer as its API's documentation says, one of them the content
 * network to which it sends for large files. No proof that the real one does.
 */
const commit = 'c0ffee'.repeat(6).concat('abcd');
const weights = 'weights'.repeat(50_000);
let files: Record<string, string>;
const large = new Set(['model.safetensors']);
const asked: IncomingMessage[] = [];
let cut = false;
let spoil = false;

const content = createServer((request, response) => {
  asked.push(request);
  const body = Buffer.from(files[request.url?.slice(1) ?? ''] ?? '');
  if (spoil) body[10] = 0;
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const rest = body.subarray(from);
  const range = from > 0 ? { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` } : {};
  response.writeHead(from > 0 ? 206 : 200, { 'content-length': rest.length, ...range });
  if (!cut) return response.end(rest);
  cut = false;
  return response.write(rest.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 50));
});

const hub = createServer((request, response) => {
  asked.push(request);
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://hub');
  if (request.headers.authorization !== 'Bearer hf_token') {
    return response.writeHead(401, { 'x-error-message': 'Access to this model is restricted' }).end('{}');
  }
  const known = [`/api/models/acme/tiny/revision/main`, `/api/models/acme/tiny/revision/refs%2Fpr%2F1`];
  if (known.includes(pathname) && searchParams.get('blobs') === 'true') {
    const siblings = Object.entries(files).map(([rfilename, text]) => ({
      rfilename,
      size: text.length,
      blobId: createHash('sha1').update(`blob ${text.length}\0${text}`).digest('hex'),
      ...(large.has(rfilename) ? { lfs: { sha256: createHash('sha256').update(text).digest('hex') } } : {}),
    }));
    return response.end(JSON.stringify({ id: 'acme/tiny', sha: commit, siblings }));
  }
  const name = decodeURIComponent(pathname.replace(`/acme/tiny/resolve/${commit}/`, ''));
  const text = files[name];
  if (text === undefined) return response.writeHead(404, { 'x-error-message': 'Repository not found' }).end('{}');
  if (large.has(name)) return response.writeHead(302, { location: `${originOf(content)}/${name}` }).end();
  return response.end(spoil ? text.replace('1', '2') : text);
});

const originOf = (server: typeof hub) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

let models: ModelStore;
beforeAll(async () => {
  for (const server of [hub, content]) await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
beforeEach(() => {
  models = new ModelStore();
  models.secret('HF_ENDPOINT', `${originOf(hub)}/`);
  models.secret('HF_TOKEN', 'hf_token\n');
  files = {
    '.gitattributes': '*.safetensors filter=lfs',
    'config.json': '{"layers":1}',
    'model.safetensors': weights,
    'onnx/model.onnx': 'onnx 1',
  };
  asked.splice(0);
  spoil = false;
});
afterEach(() => models.remove());
afterAll(() => {
  hub.close();
  content.close();
});

it('brings all files of one commit, and gives the token to the hub alone', async () => {
  await models.fetch('hf://acme/tiny');
  const { '.gitattributes': _, ...all } = files;
  expect(models.contents('hf://acme/tiny')).toEqual(all);
  const [large] = asked.filter(({ headers }) => headers.host === new URL(originOf(content)).host);
  expect(large?.headers.authorization).toBeUndefined();
});

it.each(['hf://acme/tiny@refs%2Fpr%2F1/onnx', 'hf://acme/tiny:main/onnx/model.onnx'])(
  'brings one folder or file of a revision: %s',
  async (uri) => {
    await models.fetch(uri);
    expect(models.contents(uri)).toEqual({ 'model.onnx': 'onnx 1' });
  },
);

it('goes on where it broke off', async () => {
  cut = true;
  await expect(models.fetch('hf://acme/tiny')).rejects.toThrow(/STW6102.*broke off/);
  models.reopen();
  await models.fetch('hf://acme/tiny');
  expect(asked.at(-1)?.headers.range).toMatch(/^bytes=[1-9]\d+-$/);
  expect(models.contents('hf://acme/tiny')['model.safetensors']).toBe(weights);
});

it('refuses large and small files that are not what the commit says', async () => {
  spoil = true;
  await expect(models.fetch('hf://acme/tiny/model.safetensors')).rejects.toThrow(/STW6103.*sha256/);
  await expect(models.fetch('hf://acme/tiny/config.json')).rejects.toThrow(/STW6103.*git-blob/);
});

it('says what the hub says, and what is no such address', async () => {
  await expect(models.fetch('hf://acme/none')).rejects.toThrow(/STW6102.*HTTP 404.*Repository not found/);
  await expect(models.fetch('hf://acme/tiny/nothing')).rejects.toThrow(/STW6102.*no such file or folder/);
  await expect(models.fetch('hf://tiny')).rejects.toThrow(/STW6102.*hf:\/\/owner\/name/);
  models.secret('HF_TOKEN', 'another');
  await expect(models.fetch('hf://acme/tiny')).rejects.toThrow(/STW6102.*HTTP 401.*restricted/);
});

it('writes no file outside, whatever the names', async () => {
  files = { '../../evil': 'x' };
  await expect(models.fetch('hf://acme/tiny')).rejects.toThrow(/STW6103.*leads outside/);
});

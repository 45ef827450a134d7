import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bodyOf, callModel, modelPath } from '../../src/local/call-model';
import { removeDirectories, temporaryDirectory } from './support';

afterAll(removeDirectories);

describe('a model as the mesh is asked for it', () => {
  it.each([
    ['iris', '/v2/models/iris'],
    ['iris@2', '/v2/models/iris/versions/2'],
    ['acme/iris', '/v2/models/acme~iris'],
    ['acme/iris@2', '/v2/models/acme~iris/versions/2'],
    ['../x', '/v2/models/..~x'],
    ['a b', '/v2/models/a%20b'],
  ])('%s is %s', (model, path) => expect(modelPath(model)).toBe(path));
});

describe('data for a call', () => {
  it('is a whole body, or rows that become a tensor', () => {
    expect(JSON.parse(bodyOf('{"inputs":[]}'))).toEqual({ inputs: [] });
    expect(JSON.parse(bodyOf('[[1, 2.5], [3, 4]]'))).toEqual({
      inputs: [{ name: 'input', datatype: 'FP64', shape: [2, 2], data: [1, 2.5, 3, 4] }],
    });
    expect(JSON.parse(bodyOf('["a", "b"]')).inputs[0]).toMatchObject({ datatype: 'BYTES', shape: [2] });
    expect(JSON.parse(bodyOf('[[[true]]]')).inputs[0]).toMatchObject({ datatype: 'BOOL', shape: [1, 1, 1] });
  });

  it('comes from a file, too', () => {
    const path = join(temporaryDirectory(), 'rows.json');
    writeFileSync(path, '[[1]]');
    expect(JSON.parse(bodyOf(`@${path}`)).inputs[0].shape).toEqual([1, 1]);
  });

  it.each(['nonsense', '7', '[]', '[[1],[2,3]]', '[[1],2]', '[1,"a"]', '[null]', '@/nowhere/rows.json'])(
    'is refused with a reason: %s',
    (data) => expect(() => bodyOf(data)).toThrow(/STW6208/),
  );
});

describe('a call', () => {
  let server: Server;
  let endpoint = '';
  const seen: { method: string; url: string; body: string; type: string | undefined }[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        seen.push({
          method: request.method ?? '',
          url: request.url ?? '',
          body,
          type: request.headers['content-type'],
        });
        if (request.url?.includes('absent')) response.writeHead(404).end('{"error":"unknown model"}');
        else response.end('{"outputs":[]}');
      });
    });
    await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());

  it('posts data to infer, and asks for metadata without', async () => {
    expect(await callModel('iris', { endpoint: `${endpoint}/`, data: '[[1]]' })).toBe('{"outputs":[]}');
    await callModel('iris@3', { endpoint, data: null });
    expect(seen).toMatchObject([
      { method: 'POST', url: '/v2/models/iris/infer', type: 'application/json' },
      { method: 'GET', url: '/v2/models/iris/versions/3', body: '' },
    ]);
  });

  it('says what the mesh answered, or that nothing did', async () => {
    await expect(callModel('absent', { endpoint, data: '[[1]]' })).rejects.toThrow(
      /STW6207: absent: HTTP 404 .*unknown model/,
    );
    await expect(callModel('iris', { endpoint: 'http://127.0.0.1:1', data: null })).rejects.toThrow(/STW6206/);
  });
});

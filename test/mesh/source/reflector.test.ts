import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KubernetesSource } from '../../../src/mesh/source/kubernetes-source';
import { entry, sourceTable } from '../control/tables';
import { Authority, hasOpenssl } from './certificates';
import { Heard } from './heard';

type Answer = (query: URLSearchParams, response: ServerResponse, request: IncomingMessage) => void;

const text = sourceTable('s1', 1, [entry('t/a@1')]).parts['models-0.jsonl'] ?? '';
const map = (shard: string, resourceVersion: string) => ({
  metadata: { name: `shop-${shard}`, uid: shard, resourceVersion, labels: { 'stowage.dev/shard': shard } },
  data: { 'models-0.jsonl': text.replace('"shard":"s1"', `"shard":"${shard}"`) },
});
const page = (items: readonly object[], resourceVersion: string, more = '') =>
  JSON.stringify({ metadata: { resourceVersion, ...(more === '' ? {} : { continue: more }) }, items });
const event = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`;

// What a real API server does only after minutes, or never on demand.
describe.skipIf(!hasOpenssl)(
  `following an API server that ${hasOpenssl ? 'forgets, hangs and refuses' : '(skipped: no openssl)'}`,
  () => {
    let folder: string;
    let server: Server;
    let source: KubernetesSource;
    let heard: Heard;
    let onMaps: Answer;

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'stowage-reflector-'));
      const authority = new Authority(folder);
      server = createServer(authority.issue('server', '/CN=api'), (request, response) => {
        const { pathname, searchParams } = new URL(request.url ?? '', 'https://api');
        if (pathname.endsWith('/configmaps')) onMaps(searchParams, response, request);
        else if (searchParams.has('watch')) response.flushHeaders();
        else response.end(page([], '1'));
      });
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      const { port } = server.address() as { port: number };
      const access = { host: '127.0.0.1', port, ca: authority.ca, token: () => 'the-token' };
      heard = new Heard();
      source = new KubernetesSource({
        ...{ fleet: 'shop', namespace: 'default', access },
        ...{ idleMs: 400, firstRetryMs: 20, lastRetryMs: 50 },
      });
    });
    afterEach(async () => {
      await source.stop();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      rmSync(folder, { recursive: true });
    });

    it('reads lists by pages and shows its token', async () => {
      const asked: string[] = [];
      onMaps = (query, response, request) => {
        asked.push(`${query.get('continue') ?? ''} ${request.headers.authorization}`);
        if (query.has('watch')) response.flushHeaders();
        else if (query.get('continue') === 'more') response.end(page([map('s2', '6')], '7'));
        else response.end(page([map('s1', '5')], '7', 'more'));
      };
      source.start(heard);
      await heard.until(() => heard.synced);
      expect(Object.keys(heard.tables)).toEqual(['s1', 's2']);
      expect(asked.slice(0, 2)).toEqual([' Bearer the-token', 'more Bearer the-token']);
    });

    it('goes on from the last revision when a watch ends or falls silent', async () => {
      const from: (string | null)[] = [];
      onMaps = (query, response) => {
        if (!query.has('watch')) return response.end(page([map('s1', '5')], '7'));
        from.push(query.get('resourceVersion'));
        if (from.length === 1) return response.end(event('BOOKMARK', { metadata: { resourceVersion: '9' } }));
        // Then nothing, on a connection that stays open.
        return response.write(event('ADDED', map(`s${from.length}`, String(8 + from.length))));
      };
      source.start(heard);
      await heard.until(() => from.length >= 4);
      expect(from.slice(0, 4)).toEqual(['7', '9', '10', '11']);
      expect(Object.keys(heard.tables)).toEqual(expect.arrayContaining(['s1', 's2', 's3']));
    });

    it('lists again when the server no longer remembers the revision', async () => {
      let lists = 0;
      onMaps = (query, response) => {
        if (!query.has('watch')) {
          lists++;
          return response.end(lists === 1 ? page([map('s1', '5'), map('s2', '6')], '7') : page([map('s2', '6')], '20'));
        }
        if (query.get('resourceVersion') !== '7') return response.flushHeaders();
        return response.end(event('ERROR', { kind: 'Status', code: 410, message: 'too old' }));
      };
      source.start(heard);
      await heard.until(() => heard.tables.s2 !== undefined && heard.tables.s1 === undefined);
      expect(heard.events.find(({ type }) => type === 'table-removed')).toMatchObject({ shard: 's1', revision: 20 });
      expect(heard.problem).toBeNull();
    });

    it('says why it is refused, and tries again', async () => {
      let allowed = false;
      onMaps = (query, response) => {
        if (query.has('watch')) return response.flushHeaders();
        if (allowed) return response.end(page([map('s1', '5')], '7'));
        response.statusCode = 403;
        return response.end(JSON.stringify({ kind: 'Status', message: 'configmaps is forbidden' }));
      };
      source.start(heard);
      await heard.until(() => heard.problem !== null);
      expect(heard.problem).toBe('STW6002: configmaps: configmaps is forbidden');
      expect(heard.synced).toBe(false);
      allowed = true;
      await heard.until(() => heard.synced && heard.problem === null);
    });
  },
);

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesAccess } from '../../../src/mesh/source/kubernetes-api';
import { Authority, hasOpenssl, type Pair } from './certificates';

const cache = process.env.STOWAGE_BED ?? join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'stowage-bed');
const bin = (name: string): string => join(cache, 'bin', name);

/** Why there can be no API server here; null: there can. */
export function whyNoApiServer(): string | null {
  if (!existsSync(bin('kube-apiserver')) || !existsSync(bin('etcd'))) return 'test/bed/build.sh has not built them';
  return hasOpenssl ? null : 'openssl is not on PATH';
}

/** A real etcd and kube-apiserver on loopback, and nothing else of Kubernetes. */
export class ApiServer {
  private readonly children = new Map<string, ChildProcess>();

  private constructor(
    private readonly folder: string,
    private readonly authority: Authority,
    private readonly admin: Pair,
    private readonly ports: { readonly api: number; readonly etcd: number; readonly peer: number },
  ) {}

  static async start(): Promise<ApiServer> {
    const folder = mkdtempSync(join(tmpdir(), 'stowage-api-'));
    const authority = new Authority(folder);
    authority.issue('apiserver', '/CN=kube-apiserver');
    const admin = authority.issue('admin', '/O=system:masters/CN=admin');
    execFileSync('openssl', ['genrsa', '-out', 'sa.key', '2048'], { cwd: folder, stdio: 'ignore' });
    execFileSync('openssl', ['rsa', '-in', 'sa.key', '-pubout', '-out', 'sa.pub'], { cwd: folder, stdio: 'ignore' });
    const [api = 0, etcd = 0, peer = 0] = await freePorts(3);
    const server = new ApiServer(folder, authority, admin, { api, etcd, peer });
    server.run('etcd', [
      ...['--data-dir', join(folder, 'etcd'), '--unsafe-no-fsync', '--log-level', 'error'],
      ...['--listen-client-urls', `http://127.0.0.1:${etcd}`, '--advertise-client-urls', `http://127.0.0.1:${etcd}`],
      ...['--listen-peer-urls', `http://127.0.0.1:${peer}`],
      ...['--initial-advertise-peer-urls', `http://127.0.0.1:${peer}`],
      ...['--initial-cluster', `default=http://127.0.0.1:${peer}`],
    ]);
    await server.up();
    return server;
  }

  get access(): KubernetesAccess {
    return { host: '127.0.0.1', port: this.ports.api, ca: this.authority.ca, token: null, certificate: this.admin };
  }

  /** Starts the API server and waits until it answers. */
  async up(): Promise<void> {
    const file = (name: string) => join(this.folder, name);
    this.run('kube-apiserver', [
      ...['--etcd-servers', `http://127.0.0.1:${this.ports.etcd}`, '--bind-address', '127.0.0.1'],
      ...['--secure-port', String(this.ports.api), '--advertise-address', '127.0.0.1'],
      ...['--endpoint-reconciler-type', 'none', '--cert-dir', this.folder],
      ...['--tls-cert-file', file('apiserver.crt'), '--tls-private-key-file', file('apiserver.key')],
      ...['--client-ca-file', file('ca.crt'), '--authorization-mode', 'RBAC'],
      ...['--service-account-key-file', file('sa.pub'), '--service-account-signing-key-file', file('sa.key')],
      ...['--service-account-issuer', 'https://kubernetes.default.svc.cluster.local'],
      ...['--service-cluster-ip-range', '10.0.0.0/20', '--disable-admission-plugins', 'ServiceAccount'],
    ]);
    for (let tries = 0; ; tries++) {
      const status = await this.call('GET', '/readyz').then(
        (answer) => answer.status,
        () => 0,
      );
      if (status === 200) return;
      if (tries > 450) throw new Error('the API server did not get ready');
      await sleep(200);
    }
  }

  async down(): Promise<void> {
    await this.end('kube-apiserver');
  }

  async stop(): Promise<void> {
    await this.end('kube-apiserver');
    await this.end('etcd');
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** @throws Error where the server refuses */
  async must(method: string, path: string, body?: unknown): Promise<void> {
    const { status, text } = await this.call(method, path, body);
    if (status < 200 || status > 299) throw new Error(`${method} ${path}: ${status} ${text}`);
  }

  private call(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    return new Promise((resolve, reject) => {
      const { host, port, ca } = this.access;
      const sent = request(
        { host, port, ca, ...this.admin, method, path, headers: { 'content-type': type } },
        (got) => {
          let text = '';
          got.setEncoding('utf8');
          got.on('data', (chunk: string) => {
            text += chunk;
          });
          got.on('end', () => resolve({ status: got.statusCode ?? 0, text }));
        },
      );
      sent.setTimeout(20_000, () => sent.destroy(new Error('no answer')));
      sent.on('error', reject);
      sent.end(body === undefined ? '' : JSON.stringify(body));
    });
  }

  private run(name: string, args: readonly string[]): void {
    const log = openSync(join(this.folder, `${name}.log`), 'a');
    const child = spawn(bin(name), args, { stdio: ['ignore', log, log] });
    this.children.set(name, child);
    // However the tests end, nothing of this is left running.
    process.once('exit', () => child.kill('SIGKILL'));
  }

  private async end(name: string): Promise<void> {
    const child = this.children.get(name);
    this.children.delete(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    // It would serve out its watches first.
    child.kill('SIGKILL');
    await ended;
  }
}

/** Held all at once, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((server) => new Promise<void>((done) => server.listen(0, '127.0.0.1', done))));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

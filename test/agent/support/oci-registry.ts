import { createHash, createPrivateKey, createPublicKey, createSign, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { freePorts, partFile, start, until } from './parts';

export interface Layer {
  readonly bytes: Buffer;
  readonly mediaType: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Manifest {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly [field: string]: unknown;
}

export const digestOf = (bytes: Buffer | string) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
export const imageManifest = 'application/vnd.oci.image.manifest.v1+json';
export const imageConfig = 'application/vnd.oci.image.config.v1+json';
export const basic = (login: string) => `Basic ${Buffer.from(login).toString('base64')}`;

/** Starts the distribution project's registry, whose `auth` is as given. Stopped by `stopAll`. */
export async function startRegistry(folder: string, auth: object): Promise<string> {
  const [port = 0] = await freePorts(1);
  mkdirSync(folder, { recursive: true });
  const config = {
    version: '0.1',
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: join(folder, 'data') } },
    http: { addr: `127.0.0.1:${port}`, secret: 'test' },
    auth,
  };
  writeFileSync(join(folder, 'config.yml'), JSON.stringify(config));
  start(partFile('registry', 'bin/registry'), ['serve', join(folder, 'config.yml')]);
  const origin = `http://127.0.0.1:${port}`;
  await until('the registry answers', async () => (await fetch(`${origin}/v2/`)).status === 401);
  return origin;
}

/** Gives the tokens that the registry believes, to who knows the login; without one, to nobody. */
export class TokenServer {
  readonly asked: URL[] = [];
  private readonly keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  private readonly server: Server;

  private constructor(private readonly login: string) {
    this.server = createServer((request, response) => {
      const url = new URL(request.url ?? '', 'http://tokens');
      this.asked.push(url);
      if (request.headers.authorization !== basic(this.login)) {
        return response.writeHead(401).end('{"errors":[{"code":"UNAUTHORIZED","message":"wrong login"}]}');
      }
      const token = this.token(url.searchParams.get('scope') ?? '');
      return response.end(JSON.stringify({ token, expires_in: 300 }));
    });
  }

  static async start(login: string): Promise<TokenServer> {
    const tokens = new TokenServer(login);
    await new Promise<void>((done) => tokens.server.listen(0, '127.0.0.1', done));
    return tokens;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  /** The registry's `auth`; `jwks`: a file to write. */
  auth(jwks: string): object {
    const key = createPublicKey(createPrivateKey(this.keys.privateKey.export({ type: 'pkcs8', format: 'pem' })));
    const jwk = { ...key.export({ format: 'jwk' }), kid: 'k', use: 'sig', alg: 'RS256' };
    writeFileSync(jwks, JSON.stringify({ keys: [jwk] }));
    const realm = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/token`;
    return { token: { realm, service: 'models', issuer: 'tests', jwks } };
  }

  token(scope: string): string {
    const [type, name, actions = ''] = scope.split(':');
    const now = Math.floor(Date.now() / 1000);
    const access = [{ type, name, actions: actions.split(',') }];
    const claims = { iss: 'tests', sub: 'me', aud: 'models', exp: now + 300, nbf: now - 5, iat: now, jti: '1', access };
    const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${encoded({ alg: 'RS256', typ: 'JWT', kid: 'k' })}.${encoded(claims)}`;
    return `${text}.${createSign('RSA-SHA256').update(text).sign(this.keys.privateKey, 'base64url')}`;
  }
}

/** Pushes an artifact as the distribution specification says; its manifest's digest. */
export class Pusher {
  constructor(
    private readonly origin: string,
    private readonly authorization: (repository: string) => string,
  ) {}

  async push(repository: string, tag: string, layers: readonly Layer[], config = 'application/vnd.oci.empty.v1+json') {
    const descriptors = [];
    for (const { bytes, ...rest } of layers) {
      descriptors.push({ ...rest, digest: await this.blob(repository, bytes), size: bytes.length });
    }
    const empty = Buffer.from('{}');
    const described = { mediaType: config, digest: await this.blob(repository, empty), size: empty.length };
    return this.manifest(repository, tag, {
      schemaVersion: 2,
      mediaType: imageManifest,
      config: described,
      layers: descriptors,
    });
  }

  async manifest(repository: string, tag: string, document: Manifest): Promise<string> {
    const text = JSON.stringify(document);
    const url = `${this.origin}/v2/${repository}/manifests/${tag}`;
    await this.done(await this.put(url, repository, text, document.mediaType));
    return digestOf(text);
  }

  private async blob(repository: string, bytes: Buffer): Promise<string> {
    const digest = digestOf(bytes);
    const headers = { authorization: this.authorization(repository) };
    const uploads = `${this.origin}/v2/${repository}/blobs/uploads/`;
    const begun = await this.done(await fetch(uploads, { method: 'POST', headers }));
    const url = new URL(begun.headers.get('location') ?? '', this.origin);
    url.searchParams.set('digest', digest);
    await this.done(await this.put(String(url), repository, bytes, 'application/octet-stream'));
    return digest;
  }

  private put(url: string, repository: string, body: string | Buffer, type: string): Promise<Response> {
    const headers = { authorization: this.authorization(repository), 'content-type': type };
    return fetch(url, { method: 'PUT', headers, body: new Uint8Array(Buffer.from(body)) });
  }

  private async done(response: Response): Promise<Response> {
    if (!response.ok) throw new Error(`${response.url}: ${response.status} ${await response.text()}`);
    return response;
  }
}

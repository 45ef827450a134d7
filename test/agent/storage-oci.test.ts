import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseReference } from '../../src/agent/storage/oci/reference';
import { BadLine } from './support/bad-line';
import { ModelStore } from './support/model-store';
import { basic, digestOf, imageConfig, type Layer, Pusher, startRegistry, TokenServer } from './support/oci-registry';
import { missingPart, stopAll } from './support/parts';

const missing = missingPart('registry');
const title = (name: string) => ({ 'org.opencontainers.image.title': name });
const file = (name: string, text: string): Layer => ({
  bytes: Buffer.from(text),
  mediaType: 'application/octet-stream',
  annotations: title(name),
});

describe.skipIf(missing !== null)(`oci, from a real registry${missing === null ? '' : ` (${missing})`}`, () => {
  const large = '0123456789'.repeat(100_000);
  const login = 'me:secret';
  let place: string;
  let tokens: TokenServer;
  let line: BadLine;
  let pusher: Pusher;
  let models: ModelStore;

  beforeAll(async () => {
    place = mkdtempSync(join(tmpdir(), 'stowage-oci-'));
    tokens = await TokenServer.start(login);
    const origin = await startRegistry(join(place, 'tokens'), tokens.auth(join(place, 'jwks.json')));
    pusher = new Pusher(origin, (repository) => `Bearer ${tokens.token(`repository:${repository}:pull,push`)}`);
    line = await BadLine.to(origin);
  });
  beforeEach(() => {
    models = new ModelStore();
    models.secret('.dockerconfigjson', JSON.stringify({ auths: { [line.host]: { auth: btoa(login) } } }));
    for (const seen of [line.seen, tokens.asked]) seen.splice(0);
  });
  afterEach(() => models.remove());
  afterAll(async () => {
    line.close();
    tokens.close();
    await stopAll();
    rmSync(place, { recursive: true, force: true });
  });

  const uriOf = (name: string) => `oci://${line.host}/${name}`;

  /** A tar of files; a text that begins with "->" is a link. */
  function tar(files: Readonly<Record<string, string>>, zipped = true): Layer {
    const at = mkdtempSync(join(place, 'tar-'));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(at, path, '..'), { recursive: true });
      if (text.startsWith('->')) symlinkSync(text.slice(2), join(at, path));
      else writeFileSync(join(at, path), text);
    }
    const archive = `${at}.tar`;
    execFileSync('tar', [zipped ? '-czf' : '-cf', archive, '-C', at, '.']);
    const mediaType = `application/vnd.oci.image.layer.v1.tar${zipped ? '+gzip' : ''}`;
    return { bytes: readFileSync(archive), mediaType };
  }

  it('brings files by their titles, with one token for all', async () => {
    const layers = [file('model.onnx', 'one'), file('labels/en.txt', 'two')];
    const digest = await pusher.push('models/titled', 'v1', layers);
    for (const uri of [uriOf('models/titled:v1'), uriOf(`models/titled@${digest}`)]) {
      tokens.asked.splice(0);
      await models.fetch(uri);
      expect(models.contents(uri)).toEqual({ 'model.onnx': 'one', 'labels/en.txt': 'two' });
      expect(tokens.asked.map(({ searchParams }) => Object.fromEntries(searchParams))).toEqual([
        { scope: 'repository:models/titled:pull', service: 'models' },
      ]);
    }
  });

  it('unpacks layers that are archives, and a folder that ORAS packed', async () => {
    const folder = {
      ...tar({ 'conf/a.txt': 'a' }),
      annotations: { ...title('conf'), 'io.deis.oras.content.unpack': 'true' },
    };
    await pusher.push('models/packed', 'v1', [tar({ 'model.bin': 'one' }), tar({ 'deep/b.bin': 'b' }, false), folder]);
    await models.fetch(uriOf('models/packed:v1'));
    const all = { 'model.bin': 'one', 'deep/b.bin': 'b', 'conf/a.txt': 'a' };
    expect(models.contents(uriOf('models/packed:v1'))).toEqual(all);
  });

  it('takes the /models of an image, layer over layer, and of a list the one for this machine', async () => {
    const layers = [
      tar({ 'bin/busybox': 'program', 'bin/sh': '->busybox', 'models/old.bin': 'old', 'models/1/model.bin': 'one' }),
      tar({ 'models/.wh.old.bin': '', 'models/1/model.bin': 'two', 'models/sub/x': 'x' }),
      tar({ 'models/sub/.wh..wh..opq': '' }),
    ];
    const digest = await pusher.push('models/image', 'amd', layers, imageConfig);
    await models.fetch(uriOf('models/image:amd'));
    expect(models.contents(uriOf('models/image:amd'))).toEqual({ '1/model.bin': 'two' });

    const other = await pusher.push('models/image', 'other', [file('other', 'x')]);
    const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
    const manifests = [
      [other, { os: 'linux', architecture: 's390x' }] as const,
      [digest, { os: 'linux', architecture }] as const,
    ].map(([name, platform]) => ({
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: name,
      size: 1,
      platform,
    }));
    const mediaType = 'application/vnd.oci.image.index.v1+json';
    await pusher.manifest('models/image', 'all', { schemaVersion: 2, mediaType, manifests });
    await models.fetch(uriOf('models/image:all'));
    expect(models.contents(uriOf('models/image:all'))).toEqual({ '1/model.bin': 'two' });
  });

  it('goes on where it broke off, also within a layer to unpack', async () => {
    const random = Array.from({ length: 60_000 }, (_, i) => digestOf(String(i))).join('');
    const packed = tar({ 'model.bin': random });
    await pusher.push('models/large', 'file', [file('model.bin', large), file('other.bin', 'small')]);
    await pusher.push('models/large', 'tar', [packed]);
    for (const [tag, blob, text] of [
      ['file', digestOf(large), large],
      ['tar', digestOf(packed.bytes), random],
    ] as const) {
      const uri = uriOf(`models/large:${tag}`);
      line.cut(new RegExp(`blobs/${blob}`), 300_000);
      await expect(models.fetch(uri)).rejects.toThrow(/STW6102.*broke off/);
      expect(models.has(uri)).toBe(false);
      models.reopen();
      line.seen.splice(0);
      await models.fetch(uri);
      const again = line.seen.filter(({ url }) => url.includes(blob));
      expect(again.map(({ headers }) => headers.range)).toEqual([expect.stringMatching(/^bytes=[1-9]\d+-$/)]);
      expect(models.contents(uri)['model.bin']).toBe(text);
    }
  });

  it('refuses blobs and manifests that are not what their digests say', async () => {
    const digest = await pusher.push('models/spoilt', 'v1', [file('model.bin', large)]);
    line.spoil(/blobs/, 500_000);
    await expect(models.fetch(uriOf('models/spoilt:v1'))).rejects.toThrow(/STW6103.*sha256/);
    line.spoil(/manifests/, 30);
    const spoilt = models.fetch(uriOf(`models/spoilt@${digest}`));
    await expect(spoilt).rejects.toThrow(/STW6103.*digest of the manifest/);
    await models.fetch(uriOf(`models/spoilt@${digest}`));
  });

  it('writes nothing outside its folder or over its room', async () => {
    await pusher.push('models/evil', 'title', [file('../../evil', 'x')]);
    await expect(models.fetch(uriOf('models/evil:title'))).rejects.toThrow(/STW6103.*leads outside/);
    const at = mkdtempSync(join(place, 'evil-'));
    writeFileSync(join(at, 'x'), 'x');
    execFileSync('tar', ['-cPf', `${at}.tar`, '-C', at, '--transform', 's,^,../../,', 'x']);
    const outside = { ...tar({}), bytes: readFileSync(`${at}.tar`) };
    await pusher.push('models/evil', 'tar', [outside]);
    await expect(models.fetch(uriOf('models/evil:tar'))).rejects.toThrow(/STW6103.*outside/);
    await pusher.push('models/evil', 'link', [tar({ 'model.bin': '->/etc/passwd' })]);
    await expect(models.fetch(uriOf('models/evil:link'))).rejects.toThrow(/STW6103.*neither file nor folder/);
    await pusher.push('models/evil', 'models-link', [tar({ 'models/m.bin': '->/etc/passwd' })], imageConfig);
    await expect(models.fetch(uriOf('models/evil:models-link'))).rejects.toThrow(/STW6103.*neither file nor folder/);
    // A thousandth of what it unpacks to.
    await pusher.push('models/evil', 'bomb', [tar({ bomb: '0'.repeat(20_000_000) })]);
    models.reopen(5_000_000);
    await expect(models.fetch(uriOf('models/evil:bomb'))).rejects.toThrow(/STW6104/);
  });

  it('says what it cannot read, and what the registry says', async () => {
    const odd = { bytes: Buffer.from('x'), mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd' };
    await pusher.push('models/odd', 'zstd', [odd]);
    await expect(models.fetch(uriOf('models/odd:zstd'))).rejects.toThrow(/STW6101.*tar\+zstd/);
    await expect(models.fetch(uriOf('models/odd:none'))).rejects.toThrow(/STW6102.*404.*MANIFEST_UNKNOWN/);
    await expect(models.fetch('oci://models/odd')).rejects.toThrow(/STW6102.*oci:\/\/registry\/repository/);
    models.secret('.dockerconfigjson', JSON.stringify({ auths: { [line.host]: { username: 'me', password: 'no' } } }));
    await expect(models.fetch(uriOf('models/odd:zstd'))).rejects.toThrow(/STW6102.*no token.*401.*wrong login/);
  });

  it('logs in by name and password where the registry wants that', async () => {
    const passwords = join(place, 'htpasswd');
    // A public test vector of bcrypt; the password is "U*U".
    writeFileSync(passwords, 'reader:$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n');
    const origin = await startRegistry(join(place, 'basic'), { htpasswd: { realm: 'models', path: passwords } });
    await new Pusher(origin, () => basic('reader:U*U')).push('m', 'v1', [file('model.bin', 'one')]);
    const { host } = new URL(origin);
    await expect(models.fetch(`oci://${host}/m:v1`)).rejects.toThrow(/STW6102.*wants a login/);
    models.secret('config.json', JSON.stringify({ auths: { [`https://${host}/v1/`]: { auth: btoa('reader:U*U') } } }));
    await models.fetch(`oci://${host}/m:v1`);
    expect(models.contents(`oci://${host}/m:v1`)).toEqual({ 'model.bin': 'one' });
  });
});

describe('references', () => {
  it.each([
    ['oci://ghcr.io/acme/iris', 'https://ghcr.io', 'acme/iris', 'latest'],
    ['oci://ghcr.io:5000/acme/iris:v1.2_3', 'https://ghcr.io:5000', 'acme/iris', 'v1.2_3'],
    ['oci://docker.io/iris', 'https://registry-1.docker.io', 'library/iris', 'latest'],
    ['oci://localhost:5000/iris', 'http://localhost:5000', 'iris', 'latest'],
    [`oci://r.example.org/a/b:t@sha256:${'0'.repeat(64)}`, 'https://r.example.org', 'a/b', `sha256:${'0'.repeat(64)}`],
  ])('%s', (uri, origin, repository, reference) => {
    expect(parseReference(uri)).toMatchObject({ origin, repository, reference });
  });

  it.each([
    'oci://',
    'oci://acme/iris',
    'oci://r.example.org/',
    'oci://r.example.org/A',
    'oci://r.example.org/a@sha256:1',
  ])('%s is none', (uri) => expect(() => parseReference(uri)).toThrow(/STW6102/));
});

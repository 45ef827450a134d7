import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreeRun } from '../../src/local/free-ports';
import { defaultPartsDirectory } from '../../src/local/parts';
import { cliMain } from '../cli/stowage';
import { until } from '../local/support';
import { filesUnder, root } from '../package/tarball';

const directory = mkdtempSync(join(tmpdir(), 'stowage-images-'));
const tree = join(directory, 'tree');
// As the tests of the command line run it.
const dist = resolve(dirname(cliMain), '../..');
const own = join(tree, 'opt/stowage');

beforeAll(() => {
  execFileSync('bash', [join(root, 'images/tree.sh'), tree, dist], { stdio: ['ignore', 'ignore', 'inherit'] });
}, 300_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('what the images hold', () => {
  it('is production code, readable by all and writable by root alone', () => {
    const files = filesUnder(own);
    expect(files).toContain('dist/src/mesh/main.js');
    expect(files).toContain('node_modules/@grpc/grpc-js/package.json');
    for (const name of ['typescript', 'vitest', '@pulumi/pulumi', 'cdk8s'])
      expect(files).not.toContain(`node_modules/${name}/package.json`);
    for (const file of files) expect(statSync(join(own, file)).mode & 0o022, file).toBe(0);
    expect(statSync(join(tree, 'usr/local/bin/meshd')).mode & 0o777).toBe(0o755);
  });

  it('has a bill of materials that names what is installed', () => {
    const { bomFormat, components } = JSON.parse(readFileSync(join(own, 'sbom.cdx.json'), 'utf8')) as {
      bomFormat: string;
      components: readonly { name: string; group?: string }[];
    };
    expect(bomFormat).toBe('CycloneDX');
    expect(components.map(({ name }) => name)).toContain('@grpc/grpc-js');
    expect(components.length).toBeGreaterThan(20);
  });

  it.each(['mesh', 'agent'])('says which settings it lacks: %s', (entry) => {
    const { status, stderr } = spawnSync(process.execPath, [join(own, `dist/src/${entry}/main.js`)], {
      env: {},
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/STW6\d{3}/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it.each(['mesh', 'agent'])('starts, with nothing but what it brings along: %s', async (entry) => {
    const state = join(directory, entry);
    mkdirSync(join(state, 'shards'), { recursive: true });
    writeFileSync(join(state, 'pods.json'), '[]');
    const port = await findFreeRun(2, 28100, 32000);
    const env = {
      ...{ STOWAGE_FLEET: 'f', STOWAGE_SHARD: 's', STOWAGE_POD: 'p', STOWAGE_LISTEN_HOST: '127.0.0.1' },
      ...{ STOWAGE_DIRECTORY: state, STOWAGE_XDS_SOCKET: join(state, 'xds.sock'), STOWAGE_MESHD_PORT: `${port}` },
      ...{ STOWAGE_MODEL_TABLE: state, STOWAGE_REPOSITORY: state },
      ...{ STOWAGE_AGENT_PORT: `${port}`, STOWAGE_PROXY_PORT: `${port + 1}` },
    };
    const main = join(own, `dist/src/${entry}/main.js`);
    const started = spawn(process.execPath, [main], { cwd: '/', env, stdio: 'ignore' });
    try {
      const url = `http://127.0.0.1:${port}/livez`;
      await until(async () => (await fetch(url).catch(() => null))?.status === 200, url);
    } finally {
      started.kill('SIGKILL');
    }
  });

  const envoy = join(defaultPartsDirectory(), 'envoy/bin/envoy');
  it.skipIf(!existsSync(envoy))('has a configuration that Envoy takes (needs scripts/mesh-parts.sh envoy)', () => {
    const config = join(tree, 'etc/stowage/envoy.yaml');
    const { status, stderr } = spawnSync(envoy, ['--mode', 'validate', '--config-path', config], { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
  });
});

const hasBuildah = spawnSync('buildah', ['--version']).status === 0 && process.getuid?.() === 0;

/** Containerfiles with base images made here, of this machine's Node and shell: no registry is asked. */
describe.skipIf(!hasBuildah)('the images (need buildah and root)', () => {
  const environment = (): NodeJS.ProcessEnv => {
    const config = join(directory, 'storage.conf');
    writeFileSync(
      config,
      `[storage]\ndriver = "vfs"\ngraphroot = "${directory}/storage"\nrunroot = "${directory}/run"\n`,
    );
    return { ...process.env, CONTAINERS_STORAGE_CONF: config, BUILDAH_ISOLATION: 'chroot' };
  };
  const buildah = (...args: readonly string[]): string =>
    execFileSync('buildah', args, { env: environment(), encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

  it('build, and their commands run as the user and with the launchers that the manifests name', {
    timeout: 300_000,
  }, () => {
    base('node-base', [process.execPath, '/bin/sh', '/usr/bin/env']);
    base('envoy-base', []);
    execFileSync('bash', [join(root, 'images/build.sh'), 'localhost/test', tree], {
      env: { ...environment(), NODE_IMAGE: 'localhost/node-base', ENVOY_IMAGE: 'localhost/envoy-base' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const [name, command] of [
      ['router', 'meshd'],
      ['agent', 'agent'],
    ] as const) {
      const tag = buildah('images', '--format', '{{.Name}}:{{.Tag}}')
        .split('\n')
        .find((line) => line.includes(`test/${name}:`));
      const container = buildah('from', tag ?? '').trim();
      const settings = JSON.parse(buildah('inspect', '--type', 'image', tag ?? '')) as {
        OCIv1: { config: { User: string } };
      };
      expect(settings.OCIv1.config.User).toBe('1000:1000');
      const ran = spawnSync('buildah', ['run', container, '--', command], { env: environment(), encoding: 'utf8' });
      expect(ran.stderr).toMatch(/STW6\d{3}/);
    }
  });

  /** An image of these programs and the libraries that they are linked with. */
  function base(name: string, programs: readonly string[]): void {
    const context = join(directory, name);
    mkdirSync(join(context, 'root'), { recursive: true });
    const put = (path: string, at = path): void => {
      const target = join(context, 'root', at);
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(path, target);
      chmodSync(target, 0o755);
    };
    for (const program of programs) {
      put(program, program === '/bin/sh' ? '/bin/sh' : `/usr/bin/${basename(program)}`);
      for (const [path] of execFileSync('ldd', [program], { encoding: 'utf8' }).matchAll(/\/\S+\.so\S*/g)) put(path);
    }
    if (name === 'envoy-base') put('/bin/true', '/usr/local/bin/envoy');
    writeFileSync(join(context, 'Containerfile'), 'FROM scratch\nCOPY root /\nENV PATH=/usr/local/bin:/usr/bin:/bin\n');
    buildah('build', '--file', join(context, 'Containerfile'), '--tag', `localhost/${name}`, context);
  }
});

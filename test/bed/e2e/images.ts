import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Parts } from '../../../src/local/parts';
import { paths } from '../../../src/render/names';
import { root } from '../bed';
import type { CommandContext, Images, LocalCommand } from '../node-agent/objects';
import { builtRouterImage, type RouterImage } from './router-image';

const dist = join(root, 'dist');

/**
 * What the images hold: Envoy and meshd, the agent, MLServer, Triton. Each is told to listen on the pod's own address
 * alone, which in a cluster is all it could have.
 */
export function localImages(parts: Parts, routers: ReadonlyMap<string, RouterImage>): Images {
  const built = builtRouterImage();
  /** Of Envoy's admin interface, which is on 127.0.0.1 for every router here. */
  const adminPorts = new Map<string, Promise<number>>();
  const adminPort = (address: string): Promise<number> => {
    const port = adminPorts.get(address) ?? freePort();
    adminPorts.set(address, port);
    return port;
  };
  return async (context) => {
    const [command] = context.argv;
    const router = routers.get(context.container.image) ?? built;
    if (command === 'envoy') return envoy(context, parts, router.envoyYaml, await adminPort(context.address));
    if (command === 'meshd') return meshd(context, router.env, await adminPort(context.address));
    if (command === 'mlserver') return mlserver(context, parts);
    if (command === 'tritonserver') return triton(context, parts);
    if (context.container.name === 'agent') return agent(context);
    throw new Error(`nothing stands in for the image ${context.container.image}`);
  };
}

function envoy({ argv, address, folder, hostPath }: CommandContext, parts: Parts, yaml: string, port: number) {
  const config = join(folder, 'envoy.yaml');
  const text = yaml
    .replaceAll('"0.0.0.0"', `"${address}"`)
    .replaceAll(`${paths.sockets}/`, `${hostPath(paths.sockets)}/`)
    .replaceAll('"port_value": 9901', `"port_value": ${port}`);
  writeFileSync(config, text);
  const args = argv.slice(1).map((arg) => (arg === '/etc/stowage/envoy.yaml' ? config : arg));
  // Several on one machine: hot restart's shared memory would be one for all.
  return { argv: [parts.program('envoy'), ...args, '--disable-hot-restart', '--log-level', 'warning'] } as LocalCommand;
}

function meshd({ address, hostPath }: CommandContext, env: RouterImage['env'], port: number): LocalCommand {
  return {
    argv: [process.execPath, join(dist, 'src/mesh/main.js')],
    env: {
      ...env,
      NODE_ENV: 'production',
      STOWAGE_ENVOY_ADMIN_PORT: String(port),
      STOWAGE_LISTEN_HOST: address,
      STOWAGE_SERVICE_ACCOUNT: hostPath(paths.serviceAccount),
      STOWAGE_XDS_SOCKET: join(hostPath(paths.sockets), 'xds.sock'),
    },
  };
}

function agent({ argv, address, hostPath }: CommandContext): LocalCommand {
  return {
    argv: [process.execPath, join(dist, 'src/agent/main.js'), ...argv],
    env: {
      NODE_ENV: 'production',
      STOWAGE_LISTEN_HOST: address,
      STOWAGE_REPOSITORY: hostPath('/models'),
      STOWAGE_SERVER_HOST: address,
    },
  };
}

function mlserver({ argv, address }: CommandContext, parts: Parts): LocalCommand {
  return {
    argv: [parts.program('mlserver'), ...argv.slice(1)],
    // Many servers on few cores: none takes them all for one matrix.
    env: { MLSERVER_HOST: address, OMP_NUM_THREADS: '1' },
  };
}

function triton({ argv, address, hostPath }: CommandContext, parts: Parts): LocalCommand {
  const repository = '--model-repository=';
  const args = argv
    .slice(1)
    .map((arg) => (arg.startsWith(repository) ? `${repository}${hostPath(arg.slice(repository.length))}` : arg));
  const listening = ['http', 'grpc', 'metrics'].map((port) => `--${port}-address=${address}`);
  // Told by name what a killed server leaves in /dev/shm, which here is one for all pods.
  const shared = `--backend-config=python,shm-region-prefix-name=${sharedMemoryPrefix}`;
  return { argv: [parts.program('triton'), ...args, ...listening, shared] };
}

const sharedMemoryPrefix = `stowage-e2e-${process.pid}-`;

/** What servers that were killed left behind. */
export function removeSharedMemory(): void {
  for (const name of readdirSync('/dev/shm')) {
    if (name.startsWith(sharedMemoryPrefix)) rmSync(join('/dev/shm', name), { force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Fleet } from '../declare/fleet';
import { agentTimes } from '../render/agent-times';
import type { ChildCommand } from './child';
import type { PartName, Parts } from './parts';
import type { LocalPod } from './pods';

/** How each process of the local mesh is started. Their environments hold what is named here and PATH, nothing else. */

type Argv = ChildCommand['argv'];

const base = (): Record<string, string> => ({ PATH: process.env.PATH ?? '/usr/bin:/bin', LANG: 'C.UTF-8' });

export function envoyCommand(parts: Parts, config: string, directory: string): ChildCommand {
  const argv: Argv = [
    parts.program('envoy'),
    '--config-path',
    config,
    '--concurrency',
    '2',
    '--log-level',
    'warning',
    // Several meshes on one machine: hot restart's shared memory would be one for all.
    '--disable-hot-restart',
  ];
  return { name: 'envoy', argv, env: base(), log: logOf(directory, 'envoy'), graceMs: 10_000 };
}

export function meshdCommand(options: {
  readonly fleet: string;
  readonly directory: string;
  readonly socket: string;
  readonly port: number;
}): ChildCommand {
  const { fleet, directory, socket, port } = options;
  return {
    name: 'meshd',
    argv: ownProgram('mesh/main'),
    env: {
      ...base(),
      STOWAGE_FLEET: fleet,
      STOWAGE_POD: 'local',
      STOWAGE_DIRECTORY: directory,
      STOWAGE_XDS_SOCKET: socket,
      STOWAGE_LISTEN_HOST: '127.0.0.1',
      STOWAGE_MESHD_PORT: String(port),
    },
    log: logOf(directory, 'meshd'),
    graceMs: 10_000,
  };
}

/** `tables`: the folder with the parts of the shard's model table. */
export function agentCommand(pod: LocalPod, fleet: Fleet, tables: string, directory: string): ChildCommand {
  const { http, grpc, metrics, agent, proxy } = pod.ports;
  return {
    name: `agent ${pod.pod}`,
    argv: ownProgram('agent/main'),
    env: {
      ...base(),
      STOWAGE_FLEET: fleet.name,
      STOWAGE_SHARD: pod.shard,
      STOWAGE_POD: pod.pod,
      STOWAGE_ADMIN_TOKEN: pod.token,
      STOWAGE_MODEL_TABLE: tables,
      STOWAGE_REPOSITORY: repositoryOf(pod),
      STOWAGE_LISTEN_HOST: pod.address,
      STOWAGE_AGENT_PORT: String(agent),
      STOWAGE_PROXY_PORT: String(proxy),
      STOWAGE_SERVER_HOST: pod.address,
      STOWAGE_SERVER_HTTP_PORT: String(http),
      STOWAGE_SERVER_GRPC_PORT: String(grpc),
      STOWAGE_SERVER_METRICS_PORT: String(metrics),
      ...Object.fromEntries(agentTimes(fleet.mesh).map(({ name, value }) => [name, value])),
    },
    log: logOf(directory, `agent-${pod.pod}`),
    graceMs: 60_000,
  };
}

export function serverCommand(pod: LocalPod, part: PartName, parts: Parts, directory: string): ChildCommand {
  const program = parts.program(part);
  const argv: Argv = part === 'triton' ? tritonArgv(pod, program) : [program, 'start', repositoryOf(pod)];
  return {
    name: `${part} ${pod.pod}`,
    argv,
    env: { ...base(), HOME: pod.directory, ...(part === 'triton' ? {} : mlserverEnv(pod)) },
    log: logOf(directory, `server-${pod.pod}`),
    graceMs: 10_000,
  };
}

/** As the catalogue's runtime has it, on the pod's own address. */
function mlserverEnv({ address, ports }: LocalPod): Record<string, string> {
  return {
    MLSERVER_HOST: address,
    MLSERVER_HTTP_PORT: String(ports.http),
    MLSERVER_GRPC_PORT: String(ports.grpc),
    MLSERVER_METRICS_PORT: String(ports.metrics),
    MLSERVER_LOAD_MODELS_AT_STARTUP: 'false',
    MLSERVER_PARALLEL_WORKERS: '0',
    // Many servers on few cores: none takes them all for one matrix.
    OMP_NUM_THREADS: '1',
  };
}

function tritonArgv(pod: LocalPod, program: string): Argv {
  const { address, ports, token } = pod;
  const restricted = 'model-repository,shared-memory,logging,trace,model-config,statistics';
  return [
    program,
    `--model-repository=${repositoryOf(pod)}`,
    '--model-control-mode=explicit',
    '--strict-readiness=false',
    `--http-address=${address}`,
    `--http-port=${ports.http}`,
    `--grpc-address=${address}`,
    `--grpc-port=${ports.grpc}`,
    `--metrics-address=${address}`,
    `--metrics-port=${ports.metrics}`,
    `--http-restricted-api=${restricted}:x-stowage-admin=${token}`,
    `--grpc-restricted-protocol=${restricted}:x-stowage-admin=${token}`,
  ];
}

function repositoryOf(pod: LocalPod): string {
  return join(pod.directory, 'models');
}

function logOf(directory: string, name: string): string {
  return join(directory, 'logs', `${name}.log`);
}

/** Compiled as shipped; run from the sources, by the same loader that runs this. */
function ownProgram(name: string): Argv {
  const compiled = join(__dirname, '..', `${name}.js`);
  if (existsSync(compiled)) return [process.execPath, compiled];
  return [process.execPath, '--require', require.resolve('tsx/cjs'), join(__dirname, '..', `${name}.ts`)];
}

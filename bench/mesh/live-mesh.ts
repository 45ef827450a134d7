import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { envoyBootstrap } from '../../src/mesh/xds/bootstrap';
import type { AgentsCommand, AgentsPorts } from './agents';
import { answeredFrom } from './ask';
import { FleetFiles, type FleetSizes } from './fleet-files';
import { freePort, kill, type Processes, tell } from './processes';
import { inferPath } from './topology';

const program = join(__dirname, '../../dist/src/mesh/main.js');

/** The real meshd and Envoy over a fleet directory, with agents and model servers that are played. */
export class LiveMesh {
  private meshd: ChildProcess | null = null;
  private envoy: ChildProcess | null = null;

  private constructor(
    private readonly processes: Processes,
    readonly files: FleetFiles,
    readonly agents: ChildProcess,
    readonly ports: { readonly mesh: number; readonly meshd: number; readonly admin: number },
  ) {}

  /** Agents hold all models; neither meshd nor Envoy runs. `tell`: agents say what they report (`Reported`). */
  static async prepare(processes: Processes, sizes: FleetSizes, tellReports: boolean): Promise<LiveMesh> {
    if (!existsSync(program)) throw new Error('run `npm run build` first: the real meshd is measured');
    const directory = join(processes.dir, 'fleet');
    mkdirSync(directory);
    const files = new FleetFiles(directory, sizes);
    const agents = processes.fork('agents.ts');
    const command = (it: AgentsCommand) => it;
    files.writeAll(await tell<AgentsPorts>(agents, command({ type: 'listen' })));
    await tell(agents, command({ type: 'load', directory, pods: files.pods, tell: tellReports }));
    const ports = { mesh: await freePort(), meshd: await freePort(), admin: await freePort() };
    return new LiveMesh(processes, files, agents, ports);
  }

  startMeshd(): void {
    const env = {
      STOWAGE_FLEET: 'test',
      STOWAGE_DIRECTORY: this.files.directory,
      STOWAGE_XDS_SOCKET: this.socketPath,
      STOWAGE_LISTEN_HOST: '127.0.0.1',
      STOWAGE_MESHD_PORT: `${this.ports.meshd}`,
    };
    this.meshd = this.processes.node(program, env, this.logFile);
  }

  startEnvoy(): void {
    const { mesh, meshd, admin } = this.ports;
    const bootstrap = envoyBootstrap({
      socketPath: this.socketPath,
      nodeId: 'bench',
      meshdPort: meshd,
      http: { address: '127.0.0.1', port: mesh },
      grpc: null,
      adminPort: admin,
    });
    this.envoy = this.processes.envoy('mesh', bootstrap);
  }

  async killMeshd(): Promise<void> {
    if (this.meshd !== null) await kill(this.meshd);
  }

  get meshdPid(): number {
    return pidOf(this.meshd);
  }

  get envoyPid(): number {
    return pidOf(this.envoy);
  }

  /** The model is answered from where its tables say. */
  live(model: number): () => Promise<boolean> {
    const addresses = this.files.addresses(model);
    return async () => addresses.includes((await answeredFrom(this.ports.mesh, inferPath(model))) ?? '');
  }

  /** Warnings and errors that meshd has logged: how often each, and what the first of it said. */
  complaints(): string {
    const kinds = new Map<string, { count: number; problem: string }>();
    for (const line of readFileSync(this.logFile, 'utf8').split('\n')) {
      if (line === '' || line.includes('"level":"info"')) continue;
      const { message, problem = '' } = JSON.parse(line) as { message: string; problem?: string };
      const kind = kinds.get(message) ?? { count: 0, problem };
      kinds.set(message, { ...kind, count: kind.count + 1 });
    }
    const said = [...kinds].map(([message, { count, problem }]) => `${count} x ${message} (${problem})`);
    return said.length === 0 ? 'none' : said.join('; ');
  }

  private get socketPath(): string {
    return join(this.processes.dir, 'xds.sock');
  }

  private get logFile(): string {
    return join(this.processes.dir, 'meshd.log');
  }
}

function pidOf(child: ChildProcess | null): number {
  if (child?.pid === undefined) throw new Error('the process does not run');
  return child.pid;
}

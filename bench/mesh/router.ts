import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { envoyBootstrap } from '../../src/mesh/xds/bootstrap';
import type { Command, Reply } from './control';
import { cpuOf, freePort, heard, kill, type Processes, rss, tell } from './processes';
import { withListeners } from './shapes';
import { podAddress, type Sizes } from './topology';

export interface RouterOptions {
  readonly sizes: Sizes;
  readonly protocol: 'v2-rest' | 'v2-grpc';
  /** Of all pods. */
  readonly upstreamPort: number;
}

/** Ports of a router's listeners: the mesh's own, and plain ones in the same Envoy. */
interface Ports {
  readonly mesh: number;
  /** One route to one cluster of one pod. */
  readonly bare: number;
  /** One route to one cluster of all pods. */
  readonly allPods: number;
  /** To the cluster that a header names. */
  readonly byHeader: number;
}

/** An Envoy, and the xDS server of `src/mesh/xds` in a process of its own. */
export class Router {
  private control: ChildProcess | null = null;
  private envoy: ChildProcess | null = null;

  private constructor(
    private readonly processes: Processes,
    private readonly options: RouterOptions,
    private readonly socketPath: string,
    readonly ports: Ports,
    private readonly bootstrap: object,
  ) {}

  static async prepare(processes: Processes, options: RouterOptions): Promise<Router> {
    const { sizes, protocol, upstreamPort: port } = options;
    const ports = {
      mesh: await freePort(),
      bare: await freePort(),
      allPods: await freePort(),
      byHeader: await freePort(),
    };
    const socketPath = join(processes.dir, 'xds.sock');
    const http2 = protocol === 'v2-grpc';
    const listen = { address: '127.0.0.1', port: ports.mesh };
    const own = envoyBootstrap({
      socketPath,
      nodeId: 'bench',
      http: http2 ? { address: '127.0.0.1', port: await freePort() } : listen,
      grpc: http2 ? listen : null,
      adminPort: await freePort(),
    });
    const addresses = Array.from({ length: sizes.shards }, (_, i) => podAddress(i));
    const bootstrap = withListeners(own, [
      { name: 'bare', port: ports.bare, to: { addresses: ['127.0.0.1'], port }, http2 },
      // Connections are let go as those of the mesh are, so that as many are cold.
      { name: 'all-pods', port: ports.allPods, to: { addresses, port }, http2, idleMs: http2 ? 300_000 : 4000 },
      { name: 'by-header', port: ports.byHeader, to: 'as the header says' },
    ]);
    return new Router(processes, options, socketPath, ports, bootstrap);
  }

  get pid(): number {
    const pid = this.envoy?.pid;
    if (pid === undefined) throw new Error('Envoy does not run');
    return pid;
  }

  /** What Envoy weighs with one model, in bytes. */
  async weighAlone(): Promise<number> {
    await this.start({ models: 1, shards: 1, copies: 1 });
    const bytes = rss(this.pid);
    await this.stop();
    return bytes;
  }

  /** Starts both processes; resolves once Envoy has acknowledged all. */
  async start(sizes = this.options.sizes): Promise<Reply> {
    this.envoy = this.processes.envoy('mesh', this.bootstrap);
    return await this.startControl(0, sizes);
  }

  /** `moved`: so many models, from the first on, are one shard further. */
  async startControl(moved: number, sizes = this.options.sizes): Promise<Reply> {
    const { socketPath } = this;
    const { protocol, upstreamPort: port } = this.options;
    this.control = this.processes.fork('control.ts');
    return await this.tell({ type: 'start', socketPath, sizes, protocol, port, moved });
  }

  async killControl(): Promise<void> {
    if (this.control !== null) await kill(this.control);
  }

  async move(from: number, count: number): Promise<Reply> {
    return await this.tell({ type: 'move', from, count });
  }

  async add(): Promise<Reply> {
    return await this.tell({ type: 'add' });
  }

  async stop(): Promise<void> {
    await this.killControl();
    if (this.envoy !== null) await kill(this.envoy);
  }

  /** Milliseconds that Envoy has run so far. */
  get cpuMs(): number {
    return cpuOf(this.pid) / 1e6;
  }

  private tell(command: Command): Promise<Reply> {
    if (this.control === null) throw new Error('the xDS server does not run');
    return tell(this.control, command);
  }
}

/** Model servers' stand-ins, on all loopback addresses; their port. */
export async function startUpstream(processes: Processes, file = 'upstream.ts'): Promise<number> {
  return await heard<number>(processes.fork(file));
}

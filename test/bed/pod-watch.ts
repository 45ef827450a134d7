import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Bed, bin } from './bed';

interface WatchedPod {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly status: {
    readonly phase: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** Sees every change of a namespace's pods, and so every moment at which a shard had no ready pod. */
export class PodWatch {
  private readonly pods = new Map<string, WatchedPod>();
  private fewest = Number.POSITIVE_INFINITY;

  private constructor(private readonly kubectl: ChildProcess) {
    if (kubectl.stdout === null) throw new Error('kubectl has no output');
    createInterface({ input: kubectl.stdout }).on('line', (line) => this.take(line));
  }

  static async start(bed: Bed, namespace: string, selector: string): Promise<PodWatch> {
    const query = new URLSearchParams({ watch: '1', resourceVersion: '0', labelSelector: selector });
    const path = `/api/v1/namespaces/${namespace}/pods?${query}`;
    const env = { ...process.env, KUBECONFIG: bed.kubeconfig };
    const kubectl = spawn(join(bin, 'kubectl'), ['get', '--raw', path], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve, reject) => kubectl.once('spawn', resolve).once('error', reject));
    return new PodWatch(kubectl);
  }

  stop(): void {
    this.kubectl.kill();
  }

  /** Shards with a ready pod that is not being deleted. */
  shardsUp(): readonly string[] {
    const up = [...this.pods.values()].filter(
      ({ metadata, status }) =>
        metadata.deletionTimestamp === undefined &&
        (status.conditions ?? []).some((condition) => condition.type === 'Ready' && condition.status === 'True'),
    );
    return [...new Set(up.map(({ metadata }) => metadata.labels?.['stowage.dev/shard'] ?? ''))].sort();
  }

  pending(): number {
    return [...this.pods.values()].filter(({ status }) => status.phase === 'Pending').length;
  }

  /** At any moment since the last `mark`. */
  get fewestShardsUp(): number {
    return this.fewest;
  }

  mark(): void {
    this.fewest = this.shardsUp().length;
  }

  private take(line: string): void {
    const { type, object } = JSON.parse(line) as { type: string; object: WatchedPod };
    // A watch that failed would see nothing any more: no number is right then.
    if (type === 'ERROR') this.fewest = Number.NaN;
    else if (type === 'DELETED') this.pods.delete(object.metadata.name);
    else this.pods.set(object.metadata.name, object);
    this.fewest = Math.min(this.fewest, this.shardsUp().length);
  }
}

import { accessSync, constants, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { must, type Ran, run } from './commands';
import type { NodeObject } from './nodes';

export const root = join(__dirname, '..', '..');
const cache = process.env.STOWAGE_BED ?? join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'stowage-bed');
export const bin = join(cache, 'bin');
const parts = 'etcd kube-apiserver kube-controller-manager kube-scheduler kwok kubectl pulumi pulumi-language-nodejs';

/** Thrown where this machine cannot have a bed; the tests are then skipped, with this message. */
export class NoBed extends Error {}

/** How the suites reach the one bed of a test run. */
export interface UseBed {
  bed(): Bed;
  /** Prepares a suite; not called where there is no bed. */
  beforeAll(prepare: () => Promise<void>): void;
}

/** A running control plane of its own, with its state in a temporary folder. */
export class Bed {
  private constructor(
    readonly kubeconfig: string,
    private readonly env: NodeJS.ProcessEnv,
    private readonly folder: string,
  ) {}

  /**
   * Builds what is not built yet (minutes, once a machine; progress on stderr) and starts a cluster without nodes.
   * The cluster stops with `stop`, or by itself when this process is gone.
   * @throws NoBed where a tool is missing or the build is impossible
   */
  static async start(): Promise<Bed> {
    const lacking = lackingTool();
    if (lacking !== null) throw new NoBed(`the test bed needs ${lacking}, which is not on PATH`);
    const built = await run('bash', [join(__dirname, 'build.sh'), 'all'], { onLine: progress });
    if (built.code !== 0) throw new NoBed(`the test bed could not be built: ${lastLines(built)}`);

    const folder = mkdtempSync(join(tmpdir(), 'stowage-bed-'));
    const state = join(folder, 'cluster');
    const env = { ...process.env, STOWAGE_BED_RUN: state, STOWAGE_BED_OWNER: String(process.pid) };
    writeFileSync(join(folder, 'no-nodes.yaml'), '');
    const bed = new Bed(join(state, 'kubeconfig'), env, folder);
    await must('bash', [join(__dirname, 'up.sh'), '--nodes', join(folder, 'no-nodes.yaml')], { env });
    return bed;
  }

  async stop(): Promise<void> {
    await must('bash', [join(__dirname, 'down.sh')], { env: this.env });
    rmSync(this.folder, { recursive: true, force: true });
  }

  kubectl(args: readonly string[], input?: string): Promise<string> {
    return must(join(bin, 'kubectl'), args, this.kubectlOptions(input));
  }

  /** Where the exit code is the answer, as with `kubectl diff`. */
  tryKubectl(args: readonly string[], input?: string): Promise<Ran> {
    return run(join(bin, 'kubectl'), args, this.kubectlOptions(input));
  }

  /** All objects of the kinds (`pods,services`); of one namespace, or of the whole cluster where it is null. */
  async list<T = LiveObject>(kinds: string, namespace: string | null): Promise<readonly T[]> {
    const where = namespace === null ? ['--all-namespaces'] : ['--namespace', namespace];
    const text = await this.kubectl(['get', kinds, ...where, '--show-managed-fields', '--output', 'json']);
    return (JSON.parse(text) as { items: readonly T[] }).items;
  }

  /** Makes these the cluster's nodes, and waits until they are ready. */
  async setNodes(nodes: readonly NodeObject[]): Promise<void> {
    await this.kubectl(['delete', 'nodes', '--all', '--wait=true']);
    if (nodes.length === 0) return;
    await this.kubectl(['create', '--filename', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: nodes }));
    await this.kubectl(['wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=120s']);
  }

  /** Makes a namespace that enforces the restricted Pod Security Standard. */
  async createRestrictedNamespace(name: string): Promise<void> {
    const labels = {
      'pod-security.kubernetes.io/enforce': 'restricted',
      'pod-security.kubernetes.io/warn': 'restricted',
    };
    await this.kubectl(
      ['create', '--filename', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }),
    );
  }

  deleteNamespace(name: string): Promise<string> {
    return this.kubectl(['delete', 'namespace', name, '--wait=true', '--timeout=120s']);
  }

  private kubectlOptions(input?: string) {
    const env = { ...this.env, KUBECONFIG: this.kubeconfig };
    return input === undefined ? { env } : { env, input };
  }
}

export interface LiveObject {
  readonly kind: string;
  readonly status?: unknown;
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly managedFields?: readonly { readonly subresource?: string; readonly time?: string }[];
    readonly labels?: Readonly<Record<string, string>>;
  };
}

export interface LivePod extends LiveObject {
  readonly spec: {
    readonly nodeName?: string;
    readonly containers: readonly { readonly resources?: { readonly requests?: Readonly<Record<string, string>> } }[];
  };
  readonly status: { readonly phase: string; readonly podIP?: string };
}

/** What is on neither PATH nor in the bed already; null: nothing. */
function lackingTool(): string | null {
  const always = ['bash', 'openssl'];
  const toBuild = parts.split(' ').every((part) => existsSync(join(bin, part))) ? [] : ['go', 'npm', 'python3'];
  return [...always, ...toBuild].find((tool) => !onPath(tool)) ?? null;
}

function onPath(tool: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function progress(line: string): void {
  if (!/^(kept |go: downloading )/.test(line)) process.stderr.write(`test bed: ${line}\n`);
}

const lastLines = (ran: Ran): string =>
  `${ran.stdout}\n${ran.stderr}`
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-4)
    .join(' | ');

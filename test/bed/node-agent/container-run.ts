import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Guard } from '../../../src/local/child';
import type { Container, HttpGet, LocalCommand } from './objects';
import { hastened, httpGet, startProbe } from './probe';

export interface ContainerOptions {
  readonly container: Container;
  readonly command: Required<LocalCommand>;
  readonly address: string;
  readonly log: string;
  readonly guard: Guard;
  /** Startup and readiness probes come at least so often. */
  readonly probeSeconds: number;
  readonly graceMs: number;
  /** Its status is another one. */
  onChange(): void;
  onNote(text: string): void;
}

type Ended = { readonly exitCode: number; readonly reason: string; readonly startedAt: string; finishedAt: string };

const firstBackoffMs = 1_000;
const longestBackoffMs = 300_000;
/** A container that ran so long begins its backoff anew. */
const steadyMs = 60_000;
/** What is left for SIGTERM after a hook that took all of the grace. */
const leastGraceMs = 2_000;

/** One container: its process, started again when it ends; its probes and its hook. */
export class ContainerRun {
  restarts = 0;
  private process: ChildProcess | null = null;
  private startedAt = new Date(0);
  private last: Ended | null = null;
  private started = false;
  private ready = false;
  private stopping = false;
  private backoffMs = firstBackoffMs;
  private timer: NodeJS.Timeout | null = null;
  private probes: { readonly readiness: boolean; readonly stop: () => void }[] = [];

  constructor(private readonly options: ContainerOptions) {}

  get name(): string {
    return this.options.container.name;
  }

  get image(): string {
    return this.options.container.image;
  }

  get pid(): number | null {
    return this.process?.pid ?? null;
  }

  /** When its process ended last, as `Date.now()` has it; null: it never did. */
  get endedAt(): number | null {
    return this.last === null ? null : Date.parse(this.last.finishedAt);
  }

  get isReady(): boolean {
    return this.process !== null && this.ready;
  }

  start(): void {
    const { command, guard, log, container } = this.options;
    const [file, ...args] = guard(command.argv);
    const output = openSync(log, 'a', 0o600);
    const child = spawn(file, args, { detached: true, env: { ...command.env }, stdio: ['ignore', output, output] });
    closeSync(output);
    this.process = child;
    this.startedAt = new Date();
    this.started = container.startupProbe === undefined;
    this.ready = this.started && container.readinessProbe === undefined;
    child.once('error', (error) => this.ended(child, 128, error.message));
    child.once('exit', (code, signal) => this.ended(child, code ?? 137, signal ?? 'Error'));
    if (this.started) this.probeRunning();
    else this.probeStart();
    this.options.onChange();
  }

  /** Hook, SIGTERM, SIGKILL; resolves when the process is gone, for good. */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    if (this.timer !== null) clearTimeout(this.timer);
    await this.end(graceMs);
  }

  /** As the API server has it. */
  status(): object {
    const { container } = this.options;
    const { restarts, last, startedAt } = this;
    const state =
      this.process !== null
        ? { running: { startedAt: startedAt.toISOString() } }
        : this.stopping && last !== null
          ? { terminated: last }
          : { waiting: { reason: last === null ? 'ContainerCreating' : 'CrashLoopBackOff' } };
    return {
      name: container.name,
      image: container.image,
      imageID: container.image,
      ...(this.pid === null ? {} : { containerID: `process://${this.pid}` }),
      restartCount: restarts,
      ready: this.isReady,
      started: this.process !== null && this.started,
      state,
      lastState: last === null || this.stopping ? {} : { terminated: last },
    };
  }

  private async end(graceMs: number): Promise<void> {
    const child = this.process;
    if (child === null) return;
    const due = performance.now() + graceMs;
    const gone = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
    this.stopProbes(({ readiness }) => !readiness);
    const hook = this.options.container.lifecycle?.preStop?.httpGet;
    if (hook !== undefined && graceMs > 0) {
      await Promise.race([gone, this.ask(hook, graceMs)]).catch((error: Error) =>
        this.options.onNote(`${this.name}: its preStop hook failed: ${error.message}`),
      );
    }
    if (this.process !== child) return;
    if (graceMs > 0) child.kill('SIGTERM');
    const killer = setTimeout(
      () => child.kill('SIGKILL'),
      graceMs > 0 ? Math.max(leastGraceMs, due - performance.now()) : 0,
    );
    await gone;
    clearTimeout(killer);
  }

  private ended(child: ChildProcess, exitCode: number, reason: string): void {
    if (this.process !== child) return;
    this.process = null;
    this.stopProbes(() => true);
    endGroup(child.pid);
    const [startedAt, finishedAt] = [this.startedAt.toISOString(), new Date().toISOString()];
    this.last = { exitCode, reason, startedAt, finishedAt };
    if (!this.stopping) {
      this.options.onNote(`${this.name}: ended (${reason}, ${exitCode})`);
      if (Date.now() - this.startedAt.getTime() > steadyMs) this.backoffMs = firstBackoffMs;
      this.timer = setTimeout(() => {
        this.restarts++;
        this.start();
      }, this.backoffMs);
      this.backoffMs = Math.min(longestBackoffMs, this.backoffMs * 10);
    }
    this.options.onChange();
  }

  private probeStart(): void {
    const { container, probeSeconds } = this.options;
    if (container.startupProbe === undefined) return;
    const probe = hastened(container.startupProbe, probeSeconds);
    this.probe(probe, false, (healthy) => {
      if (!healthy) return this.restart('startup');
      this.stopProbes(() => true);
      this.started = true;
      this.ready = container.readinessProbe === undefined;
      this.probeRunning();
      this.options.onChange();
    });
  }

  private probeRunning(): void {
    const { readinessProbe, livenessProbe } = this.options.container;
    if (readinessProbe !== undefined) {
      this.probe(hastened(readinessProbe, this.options.probeSeconds), true, (healthy) => {
        if (this.ready === healthy) return;
        this.ready = healthy;
        this.options.onChange();
      });
    }
    if (livenessProbe !== undefined) {
      this.probe(livenessProbe, false, (healthy) => {
        if (!healthy) this.restart('liveness');
      });
    }
  }

  private restart(probe: string): void {
    this.options.onNote(`${this.name}: its ${probe} probe failed: it is started again`);
    void this.end(this.options.graceMs);
  }

  private probe(probe: NonNullable<Container['livenessProbe']>, readiness: boolean, tell: (ok: boolean) => void): void {
    const { httpGet: target } = probe;
    if (target === undefined) throw new Error(`${this.name}: the node agent knows probes by HTTP alone`);
    const stop = startProbe(probe, (timeoutMs) => this.ask(target, timeoutMs), tell);
    this.probes.push({ readiness, stop });
  }

  private ask(target: HttpGet, timeoutMs: number): Promise<void> {
    const { container, address } = this.options;
    const named = container.ports?.find(({ name }) => name === target.port)?.containerPort;
    const port = typeof target.port === 'number' ? target.port : named;
    if (port === undefined) throw new Error(`${this.name} has no port called ${target.port}`);
    return httpGet(address, port, target, timeoutMs);
  }

  private stopProbes(which: (probe: { readonly readiness: boolean }) => boolean): void {
    for (const probe of this.probes.filter(which)) probe.stop();
    this.probes = this.probes.filter((probe) => !which(probe));
  }
}

/** What a process leaves behind, the end of its container ends. */
function endGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // Nobody is left.
  }
}

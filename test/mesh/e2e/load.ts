import { setTimeout as sleep } from 'node:timers/promises';
import type { InferClient } from './infer-clients';

export interface Failure {
  /** Which client, which model, and what it was told. */
  readonly text: string;
  /** When the request began, as `Date.now()` has it. */
  readonly began: number;
}

interface Span {
  readonly began: number;
  readonly ended: number;
}

export interface Heard {
  readonly requests: number;
  readonly failures: readonly Failure[];
  /** How many were under way at some time between the two, as `Date.now()` has it. */
  held(from: number, to: number): number;
}

/**
 * Requests one after the other at a steady pace, whether or not earlier ones are answered: by each client in turn, of
 * each model in turn. Model number i must add i to what it is asked.
 */
export class SteadyLoad {
  private spans: Span[] = [];
  private failures: Failure[] = [];
  private readonly stopping = new AbortController();
  private readonly pending = new Set<Promise<void>>();
  private readonly running: Promise<void>;

  constructor(
    private readonly clients: ReadonlyMap<string, InferClient>,
    private readonly models: readonly string[],
    private readonly everyMs: number,
  ) {
    this.running = this.run();
  }

  /** What came of the requests since the last call; those under way are of the next. */
  take(): Heard {
    const { spans, failures } = this;
    [this.spans, this.failures] = [[], []];
    return {
      requests: spans.length,
      failures,
      held: (from, to) => spans.filter(({ began, ended }) => began <= to && ended >= from).length,
    };
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await Promise.all(this.pending);
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    for (let turn = 0; !signal.aborted; turn++) {
      const asked: Promise<void> = this.ask(turn).finally(() => this.pending.delete(asked));
      this.pending.add(asked);
      await sleep(this.everyMs, undefined, { signal }).catch(() => undefined);
    }
  }

  private async ask(turn: number): Promise<void> {
    const [name, client] = [...this.clients][turn % this.clients.size] ?? [];
    const index = Math.floor(turn / this.clients.size) % this.models.length;
    const model = this.models[index] ?? '';
    const began = Date.now();
    try {
      const answer = await client?.infer(model, [turn]);
      if (answer === undefined || Math.abs(answer - turn - index) > 1e-6) throw new Error(`it answered ${answer}`);
    } catch (error) {
      this.failures.push({ text: `${name}, ${model}: ${(error as Error).message}`, began });
    }
    this.spans.push({ began, ended: Date.now() });
  }
}

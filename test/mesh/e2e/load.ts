import { setTimeout as sleep } from 'node:timers/promises';
import type { InferClient } from './infer-clients';

export interface LoadResult {
  readonly requests: number;
  readonly failures: readonly string[];
}

export interface Load {
  /** Requests that no answer has come to yet. */
  readonly pending: number;
  /** What happened since the last call. */
  take(): LoadResult;
  stop(): Promise<void>;
}

/**
 * Asks all models in turn over both protocols, a request every `everyMs`, and checks each answer: model number i adds i
 * to what it is asked.
 */
export function startLoad(
  clients: Readonly<Record<string, InferClient>>,
  models: readonly string[],
  everyMs: number,
): Load {
  let requests = 0;
  let failures: string[] = [];
  let running = true;
  const pending = new Set<Promise<void>>();
  const names = Object.keys(clients);
  const one = async (turn: number): Promise<void> => {
    const index = turn % models.length;
    const model = models[index] ?? '';
    const by = names[Math.floor(turn / models.length) % names.length] ?? '';
    requests++;
    try {
      const answer = await clients[by]?.infer(model, [turn]);
      if (answer === undefined || Math.abs(answer - turn - index) > 1e-6)
        failures.push(`${by} ${model}: answered ${answer}`);
    } catch (error) {
      failures.push(`${by} ${model}: ${(error as Error).message}`);
    }
  };
  const loop = (async () => {
    for (let turn = 0; running; turn++) {
      const asked: Promise<void> = one(turn).finally(() => pending.delete(asked));
      pending.add(asked);
      await sleep(everyMs);
    }
  })();
  return {
    get pending() {
      return pending.size;
    },
    take: () => {
      const result = { requests, failures };
      requests = 0;
      failures = [];
      return result;
    },
    stop: async () => {
      running = false;
      await loop;
      await Promise.all(pending);
    },
  };
}

import { median } from './figures';
import type { Load } from './load';
import { cpuOf } from './processes';
import type { Table } from './report';

/** One way to ask an Envoy. */
export interface Kind {
  readonly name: string;
  /** Of the Envoy. */
  readonly pid: number;
  /** The kinds that it is compared with; absent: the first. */
  readonly against?: readonly string[];
  load(ms: number): Promise<Load>;
}

export interface Turns {
  readonly rounds: number;
  readonly seconds: number;
}

interface Measured {
  readonly kind: Kind;
  /** Microseconds a request, of each turn. */
  readonly cpu: number[];
  readonly p50: number[];
  failures: number;
}

/** CPU and time of a request, kinds in turn so that a noisy machine disturbs all alike. */
export async function compare(kinds: readonly Kind[], { rounds, seconds }: Turns): Promise<Table> {
  const measured = kinds.map((kind): Measured => ({ kind, cpu: [], p50: [], failures: 0 }));
  for (let round = 0; round <= rounds; round++) {
    for (const one of measured) {
      const before = cpuOf(one.kind.pid);
      // The first round warms connections and caches.
      const { requests, p50, failures } = await one.kind.load((round === 0 ? 3 : seconds) * 1000);
      one.failures += failures;
      if (round === 0) continue;
      one.cpu.push((cpuOf(one.kind.pid) - before) / requests / 1000);
      one.p50.push(p50);
    }
  }
  const ratio = (of: readonly number[], by: readonly number[]) =>
    median(of.map((value, turn) => value / (by[turn] ?? Number.NaN))).toFixed(2);
  return {
    head: ['asked', 'CPU a request', 'p50', 'failed', 'compared with', 'CPU', 'p50'],
    rows: measured.map(({ kind, cpu, p50, failures }, i) => {
      const names = kind.against ?? measured.slice(0, Math.min(1, i)).map((first) => first.kind.name);
      const bases = measured.filter((base) => names.includes(base.kind.name));
      return [
        kind.name,
        `${median(cpu).toFixed(1)} us`,
        `${median(p50).toFixed(2)} ms`,
        `${failures}`,
        bases.map((base) => base.kind.name).join('; '),
        bases.map((base) => ratio(cpu, base.cpu)).join('; '),
        bases.map((base) => ratio(p50, base.p50)).join('; '),
      ];
    }),
  };
}

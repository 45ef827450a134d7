import type { BudgetUsage } from '../plan/plan';

/** Numbers as people read them. By hand, never by locale: the same text on any machine. */

type Unit = BudgetUsage['unit'];

/** 1234567 -> `1,234,567` */
export function count(value: number): string {
  const [whole = '', fraction] = Math.abs(value).toString().split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  return `${value < 0 ? '-' : ''}${grouped}${fraction === undefined ? '' : `.${fraction}`}`;
}

/** Three significant digits, thousands grouped: 0.125, 12.5, 1,250. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return count(Math.round(value));
  const digits = size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return value.toFixed(digits).replace(/\.?0+$/, '');
}

const binary = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** 24152899584 -> `22.5 GiB` */
export function bytes(value: number): string {
  let scaled = Math.abs(value);
  let step = 0;
  while (scaled >= 1024 && step < binary.length - 1) {
    scaled /= 1024;
    step++;
  }
  return `${value < 0 ? '-' : ''}${short(scaled)} ${binary[step]}`;
}

/** 500 -> `0.5 cores` */
export function cores(millis: number): string {
  const text = short(millis / 1000);
  return `${text} ${text === '1' ? 'core' : 'cores'}`;
}

/** 3200000 -> `$3.20/h` */
export function perHour(micros: number): string {
  const dollars = Math.abs(micros) / 1e6;
  const [whole = '0', cents = '00'] = dollars.toFixed(2).split('.');
  const text = dollars > 0 && dollars < 0.01 ? short(dollars) : `${count(Number(whole))}.${cents}`;
  return `${micros < 0 ? '-' : ''}$${text}/h`;
}

/** Millionths -> `93.4%` */
export function percent(micro: number): string {
  const value = micro / 10_000;
  return `${Math.abs(value) >= 99.95 || value === 0 ? Math.round(value) : value.toFixed(1)}%`;
}

/** used / of, in millionths; 0 where `of` is 0. */
export function shareMicro(used: number, of: number): number {
  return of <= 0 ? 0 : Math.round((used / of) * 1e6);
}

export function quantity(value: number, unit: Unit): string {
  switch (unit) {
    case 'bytes':
      return bytes(value);
    case 'millicores':
      return cores(value);
    case 'microdollars':
      return perHour(value);
    default:
      return count(value);
  }
}

/** With its sign: `+3`, `-1.5 GiB`; `0` where nothing changed. */
export function delta(value: number, unit: Unit): string {
  return value === 0 ? '0' : `${value > 0 ? '+' : ''}${quantity(value, unit)}`;
}

/** `1 model`, `2 models` */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

const budgetWords: Readonly<Record<string, string>> = {
  pods: 'pods',
  ips: 'IP addresses',
  nodes: 'nodes',
  cpu: 'CPU',
  memory: 'memory',
  costPerHour: 'cost',
  modelsPerShard: 'models a shard',
  replicaSets: 'replica sets',
  moves: 'moves',
  moveBytes: 'bytes moved',
  models: 'models',
  shards: 'shards',
};

/** A budget or total in words: `gpus.L4` -> `L4 GPUs`, `pool.l4.nodes` -> `nodes of pool l4`. */
export function budgetLabel(name: string): string {
  if (name.startsWith('gpus.')) return `${name.slice('gpus.'.length)} GPUs`;
  const pool = /^pool\.(.+)\.nodes$/.exec(name);
  return pool ? `nodes of pool ${pool[1]}` : (budgetWords[name] ?? name);
}

import type { FindingLog } from './finding-log';
import { field, isRecord, shown, strings } from './reading';

export interface CopyName {
  readonly model: string;
  readonly shard: string;
}
export interface ReadWave {
  readonly start: readonly string[];
  readonly load: readonly CopyName[];
  readonly resize: readonly CopyName[];
  readonly unload: readonly CopyName[];
  readonly stop: readonly string[];
}
export interface ReadTemporary {
  readonly id: string;
  readonly pool: string;
  readonly runtime: string;
  readonly base: string | null;
  readonly group: string;
}
export interface ReadTransition {
  readonly waves: readonly ReadWave[];
  readonly temporary: readonly ReadTemporary[];
  readonly gaps: readonly { model: string; from: number; until: number; copies: number }[];
  readonly overloads: readonly { wave: number; shard: string }[];
}

/** Null, and a finding, where it is not of the shape of a transition. */
export function readTransition(value: unknown, log: FindingLog): ReadTransition | null {
  const before = log.count;
  const list = <T>(from: unknown, path: string, read: (entry: unknown, path: string) => T | null): T[] => {
    if (!Array.isArray(from)) {
      log.add('STW2121', path, `${path} must be a list, not ${shown(from)}`);
      return [];
    }
    return from.flatMap((entry: unknown, i) => {
      const one = read(entry, `${path}[${i}]`);
      if (one === null) log.add('STW2121', `${path}[${i}]`, `${path}[${i}] is not of the shape that it must have`);
      return one === null ? [] : [one];
    });
  };
  const names = (from: unknown, path: string): readonly string[] => {
    const read = strings(from);
    if (read === null) log.add('STW2121', path, `${path} must be a list of names, not ${shown(from)}`);
    return read ?? [];
  };
  const waves = list(field(value, 'waves'), 'waves', (wave, path) =>
    isRecord(wave)
      ? {
          start: names(field(wave, 'start'), `${path}.start`),
          load: list(field(wave, 'load'), `${path}.load`, copyName),
          resize: list(field(wave, 'resize'), `${path}.resize`, copyName),
          unload: list(field(wave, 'unload'), `${path}.unload`, copyName),
          stop: names(field(wave, 'stop'), `${path}.stop`),
        }
      : null,
  );
  const temporary = list(field(value, 'temporary'), 'temporary', (entry) => {
    const [id, pool, runtime, group] = ['id', 'pool', 'runtime', 'group'].map((name) => field(entry, name));
    const base = field(entry, 'base');
    if (typeof id !== 'string' || typeof pool !== 'string' || typeof runtime !== 'string') return null;
    if (typeof group !== 'string' || (base !== null && typeof base !== 'string')) return null;
    return /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(id) ? { id, pool, runtime, base, group } : null;
  });
  const gaps = list(field(value, 'gaps'), 'gaps', (entry) => {
    const model = field(entry, 'model');
    const [from, until, copies] = ['from', 'until', 'copies'].map((name) => count(field(entry, name)));
    if (typeof model !== 'string' || from == null || until == null || copies == null) return null;
    return { model, from, until, copies };
  });
  const overloads = list(field(value, 'overloads'), 'overloads', (entry) => {
    const shard = field(entry, 'shard');
    const wave = count(field(entry, 'wave'));
    return typeof shard === 'string' && wave !== null ? { wave, shard } : null;
  });
  return log.count === before ? { waves, temporary, gaps, overloads } : null;
}

function copyName(entry: unknown): CopyName | null {
  const model = field(entry, 'model');
  const shard = field(entry, 'shard');
  return typeof model === 'string' && typeof shard === 'string' ? { model, shard } : null;
}

function count(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

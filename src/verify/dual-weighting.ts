import type { Dimension } from '../declare/capacity';
import type { CheckedClass } from './declared';
import { dimensionNames } from './exact';
import { field } from './reading';

/** A weighting of the certificate as read: whole non-negative numbers, one entry for each pool of the class. */
export interface ReadWeighting {
  /** In the order of the class's pools, then of the dimensions. */
  readonly weights: readonly (readonly number[])[];
  readonly full: readonly number[];
  readonly value: number;
  readonly steps: Steps | null;
}
export interface Steps {
  readonly dimension: Dimension;
  readonly from: readonly number[];
  readonly worth: readonly number[];
}

/** The weights of one class may name no more than this. */
const mostSteps = 200;
/** Weights above this are none that the packer writes; sums of them stay exact. */
const mostWeight = 2 ** 40;

function whole(value: unknown, most = Number.MAX_SAFE_INTEGER): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;
}

/** Reads one weighting; a text says what is wrong with it. */
export function readWeighting(sharing: CheckedClass, value: unknown): ReadWeighting | string {
  const listed = field(value, 'pools');
  if (!Array.isArray(listed) || listed.length !== sharing.pools.length) return 'has not one entry for each pool';
  const weights: number[][] = [];
  const full: number[] = [];
  for (const pool of sharing.pools) {
    const entries = listed.filter((entry) => field(entry, 'pool') === pool.name);
    if (entries.length !== 1) return `has not one entry for the pool ${pool.name}`;
    const own = field(entries[0], 'weights');
    if (typeof own !== 'object' || own === null || Array.isArray(own))
      return `has no weights for the pool ${pool.name}`;
    const unknown = Object.keys(own).find((name) => !dimensionNames.some((dimension) => dimension === name));
    if (unknown !== undefined) return `weighs ${unknown}, which is no dimension`;
    const row: number[] = [];
    for (const dimension of dimensionNames) {
      const weight = field(own, dimension) ?? 0;
      if (!whole(weight, mostWeight)) return `weighs ${dimension} by something that is no whole number from 0 up`;
      row.push(weight);
    }
    weights.push(row);
    const stated = field(entries[0], 'full');
    if (!whole(stated)) return `does not say what a full pod of ${pool.name} is worth`;
    full.push(stated);
  }
  const stated = field(value, 'value');
  if (!whole(stated)) return 'does not say what the models are worth';
  const steps = readSteps(field(value, 'steps'));
  return typeof steps === 'string' ? steps : { weights, full, value: stated, steps };
}

function readSteps(value: unknown): ReadWeighting['steps'] | string {
  if (value === null) return null;
  const dimension = dimensionNames.find((name) => name === field(value, 'dimension'));
  if (dimension !== 'acceleratorMemoryBytes' && dimension !== 'memoryBytes' && dimension !== 'diskBytes')
    return 'has steps in a dimension that copies share';
  const listed = field(value, 'steps');
  if (!Array.isArray(listed) || listed.length > mostSteps) return 'has unreadable steps';
  const from: number[] = [];
  const worth: number[] = [];
  for (const step of listed) {
    const edge = field(step, 'from');
    const own = field(step, 'value');
    if (!whole(edge) || !whole(own, mostWeight)) return 'has a step that is not of whole numbers from 0 up';
    if (edge <= (from[from.length - 1] ?? 0)) return 'has steps out of order';
    from.push(edge);
    worth.push(own);
  }
  return { dimension, from, worth };
}

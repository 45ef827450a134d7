import { ColumnMaster } from './simplex';

/** Kinds of pods (or of whole shards) that a fluid program may buy, and pieces of demand that it must place. */
export interface FluidProblem {
  readonly types: number;
  readonly dimensions: number;
  readonly price: readonly number[];
  readonly pieces: number;
  /** By piece, type and dimension: the share of one unit of the type that the piece takes; NaN at dimension 0: not allowed. */
  readonly share: Float64Array;
  readonly steps: readonly StepFamily[];
}

/** Big pieces in one measure (memory, load), which patterns keep whole: a unit holds only so many of them at once. */
export interface StepFamily {
  /** By piece: its step (by size, ascending) or -1, and how many of that step the piece counts for. */
  readonly of: Int32Array;
  readonly count: Float64Array;
  /** Size of each step, in whole grid units, and the number of pieces there are at most in one unit. */
  readonly size: readonly number[];
  readonly most: readonly number[];
  /** Room of each type in grid units. */
  readonly room: readonly number[];
  /** May a unit of type t hold pieces of step j? */
  readonly allows: (t: number, j: number) => boolean;
}

/** Non-negative weights. Value of a piece on a type: sum of weight x share + the value of its step; it takes the least. */
export interface FluidWeights {
  /** By type and dimension: worth of a whole unit's room in that dimension. */
  readonly weight: Float64Array;
  /** By family, then step. */
  readonly stepValue: readonly Float64Array[];
  /** By type: the most that one unit can hold. */
  readonly podValue: Float64Array;
  /** Sum of the pieces' values; at most the cost of any placement. */
  readonly value: number;
}

/** Columns of one problem, found so far: the next program over it, with other prices or a fleet, starts with them. */
export class KnownColumns {
  readonly units: { readonly type: number; readonly rows: readonly number[]; readonly values: readonly number[] }[] =
    [];
  readonly cuts: { readonly rows: readonly number[]; readonly values: readonly number[] }[] = [];
}

export interface FluidResult {
  readonly weights: FluidWeights;
  /** Units of each type in the fractional optimum. */
  readonly units: Float64Array;
}

/**
 * The least cost if pieces could be split at will (but steps keep big ones whole inside a pod), by column generation with
 * smoothed duals. With `fleet`, the types are bought together in those proportions only: the value is then the least
 * multiple of the fleet that holds all; above 1 proves that it does not.
 * Source: Gilmore, Gomory, "A linear programming approach to the cutting-stock problem" (1961); smoothing after
 * Pessoa, Sadykov, Uchoa, Vanderbeck, "Automation and combination of linear-programming based stabilization" (2018).
 * `known`: of the same pieces, types and steps.
 */
export function solveFluid(
  asked: FluidProblem,
  { rounds, tolerance }: { readonly rounds: number; readonly tolerance: number },
  fleet: readonly number[] | null = null,
  known = new KnownColumns(),
): FluidResult {
  // Prices near 1 suit the simplex's tolerances.
  const scale = fleet === null ? Math.max(...asked.price) : 1;
  const problem = { ...asked, price: asked.price.map((price) => price / scale) };
  const layout = rowLayout(problem, fleet !== null);
  const master = new ColumnMaster(layout.b, layout.penalty);
  addSurplus(problem, layout, master);
  if (fleet !== null) addFleet(fleet, layout, master);
  for (const unit of known.units) addUnit(problem, layout, unit, fleet !== null, master);
  for (const { rows, values } of known.cuts) master.add({ cost: 0, rows, values });
  let best: FluidWeights | null = null;
  for (let round = 0; round < rounds; round++) {
    master.solve(4000);
    const current = weightsOf(problem, layout, master.duals);
    // Between the best point known and the present one; where that finds nothing new, the present one itself.
    const mixed: FluidWeights | null = best === null ? null : blend(problem, best, current, 0.6);
    let added = 0;
    for (const point of mixed === null ? [current] : [mixed, current]) {
      const found = separate(problem, layout, point, fleet, master, known);
      added += found.added;
      if (best === null || found.weights.value > best.value) best = found.weights;
      if (added > 0) break;
    }
    const objective = master.objective();
    if (added === 0 || objective - (best as FluidWeights).value < tolerance * objective) break;
    // The fleet as it is holds all: what proves that one does not is no more to be found.
    if (fleet !== null && objective <= 1) break;
  }
  const { weight, stepValue, podValue, value } = best as FluidWeights;
  const times = (values: Float64Array): Float64Array => values.map((x) => x * scale);
  return {
    weights: {
      weight: times(weight),
      stepValue: stepValue.map(times),
      podValue: times(podValue),
      value: value * scale,
    },
    units: unitsOf(problem, layout, master, fleet),
  };
}

interface Layout {
  /** Row of (type, dimension), or -1 where no piece asks any. */
  readonly rowOf: Int32Array;
  /** First row of each family's steps. */
  readonly stepRows: readonly number[];
  readonly groupRow: number;
  readonly groups: number;
  readonly fleetRow: number;
  readonly groupOf: Int32Array;
  readonly b: number[];
  readonly penalty: number[];
  /** Columns that stand for one unit of a type, by column number. */
  readonly unitColumns: Map<number, number>;
}

function rowLayout(problem: FluidProblem, withFleet: boolean): Layout {
  const { types, dimensions, pieces, share } = problem;
  const rowOf = new Int32Array(types * dimensions).fill(-1);
  const b: number[] = [];
  const penalty: number[] = [];
  // A little demand more in every row, each its own: without it the simplex stalls in ties.
  const row = (amount: number, price: number): number => {
    b.push(amount + 1e-5 * (1 + ((b.length * 0.618034) % 1)));
    penalty.push(price);
    return b.length - 1;
  };
  for (let t = 0; t < types; t++) {
    for (let d = 0; d < dimensions; d++) {
      let used = false;
      for (let i = 0; i < pieces && !used; i++) used = (share[(i * types + t) * dimensions + d] as number) > 0;
      if (used) rowOf[t * dimensions + d] = row(0, 4 * (problem.price[t] as number));
    }
  }
  const most = Math.max(...problem.price);
  const stepRows = problem.steps.map((family) => {
    const first = b.length;
    for (let j = 0; j < family.size.length; j++) row(0, 4 * most);
    return first;
  });
  const groups = Math.min(pieces, 32);
  const groupRow = b.length;
  for (let g = 0; g < groups; g++) row(1, 1e5 * most);
  const fleetRow = b.length;
  if (withFleet) for (let t = 0; t < types; t++) row(0, 1e3);
  const groupOf = Int32Array.from({ length: pieces }, (_, i) => i % groups);
  return { rowOf, stepRows, groupRow, groups, fleetRow, groupOf, b, penalty, unitColumns: new Map() };
}

function addSurplus(problem: FluidProblem, layout: Layout, master: ColumnMaster): void {
  for (const row of layout.rowOf) if (row >= 0) master.add({ cost: 0, rows: [row], values: [-1] });
  problem.steps.forEach((family, f) => {
    for (let j = 0; j < family.size.length; j++)
      master.add({ cost: 0, rows: [(layout.stepRows[f] as number) + j], values: [-1] });
  });
}

function addFleet(fleet: readonly number[], layout: Layout, master: ColumnMaster): void {
  for (let t = 0; t < fleet.length; t++) master.add({ cost: 0, rows: [layout.fleetRow + t], values: [-1] });
  master.add({ cost: 1, rows: fleet.map((_, t) => layout.fleetRow + t), values: [...fleet] });
}

/** One unit of a type, filled: at its price, or out of the fleet. */
function addUnit(
  problem: FluidProblem,
  layout: Layout,
  { type, rows, values }: KnownColumns['units'][number],
  ofFleet: boolean,
  master: ColumnMaster,
): void {
  layout.unitColumns.set(master.size, type);
  if (ofFleet) master.add({ cost: 0, rows: [...rows, layout.fleetRow + type], values: [...values, -1] });
  else master.add({ cost: problem.price[type] as number, rows, values });
}

function weightsOf(problem: FluidProblem, layout: Layout, duals: Float64Array): FluidWeights {
  const weight = new Float64Array(problem.types * problem.dimensions);
  layout.rowOf.forEach((row, k) => {
    if (row >= 0) weight[k] = Math.max(0, duals[row] as number);
  });
  const stepValue = problem.steps.map((family, f) =>
    Float64Array.from(family.size, (_, j) => Math.max(0, duals[(layout.stepRows[f] as number) + j] as number)),
  );
  return { weight, stepValue, podValue: new Float64Array(problem.types), value: 0 };
}

function blend(problem: FluidProblem, a: FluidWeights, b: FluidWeights, share: number): FluidWeights {
  const mix = (x: Float64Array, y: Float64Array) => x.map((value, k) => share * value + (1 - share) * (y[k] as number));
  return {
    weight: mix(a.weight, b.weight),
    stepValue: a.stepValue.map((values, f) => mix(values, b.stepValue[f] as Float64Array)),
    podValue: new Float64Array(problem.types),
    value: 0,
  };
}

/** Adds the columns that the point leaves room for, and gives the point scaled down until it is feasible. */
function separate(
  problem: FluidProblem,
  layout: Layout,
  point: FluidWeights,
  fleet: readonly number[] | null,
  master: ColumnMaster,
  known: KnownColumns,
): { added: number; weights: FluidWeights } {
  const { types, dimensions } = problem;
  const duals = master.duals;
  let added = 0;
  const podValue = new Float64Array(types);
  let scale = 0;
  for (let t = 0; t < types; t++) {
    let sum = 0;
    for (let d = 0; d < dimensions; d++) sum += point.weight[t * dimensions + d] as number;
    const fills = problem.steps.map((family, f) => fullest(family, t, point.stepValue[f] as Float64Array));
    for (const fill of fills) sum += fill.value;
    podValue[t] = sum;
    if (fleet === null) scale = Math.max(scale, (podValue[t] as number) / (problem.price[t] as number));
    else scale += (fleet[t] as number) * (podValue[t] as number);
    const rows: number[] = [];
    const values: number[] = [];
    let worth = 0;
    for (let d = 0; d < dimensions; d++) {
      const row = layout.rowOf[t * dimensions + d] as number;
      if (row < 0) continue;
      rows.push(row);
      values.push(1);
      worth += duals[row] as number;
    }
    fills.forEach((fill, f) => {
      fill.counts.forEach((count, j) => {
        if (count === 0) return;
        const row = (layout.stepRows[f] as number) + j;
        rows.push(row);
        values.push(count);
        worth += count * (duals[row] as number);
      });
    });
    const cost = fleet === null ? (problem.price[t] as number) : (duals[layout.fleetRow + t] as number);
    if (worth > cost + 1e-9 * (1 + Math.max(0, cost))) {
      const unit = { type: t, rows, values };
      known.units.push(unit);
      addUnit(problem, layout, unit, fleet !== null, master);
      added++;
    }
  }
  const cuts = cheapestCuts(problem, layout, point);
  let value = 0;
  cuts.forEach((cut, g) => {
    value += cut.value;
    let worth = duals[layout.groupRow + g] as number;
    for (let k = 0; k < cut.rows.length; k++)
      worth += (cut.values[k] as number) * (duals[cut.rows[k] as number] as number);
    if (worth > 1e-9 * (1 + Math.abs(duals[layout.groupRow + g] as number))) {
      const column = { rows: [...cut.rows, layout.groupRow + g], values: [...cut.values, 1] };
      known.cuts.push(column);
      master.add({ cost: 0, ...column });
      added++;
    }
  });
  const factor = scale > 0 ? 1 / scale : 0;
  return {
    added,
    weights: {
      weight: point.weight.map((x) => x * factor),
      stepValue: point.stepValue.map((values) => values.map((x) => x * factor)),
      podValue: podValue.map((x) => x * factor),
      value: value * factor,
    },
  };
}

interface Cut {
  readonly value: number;
  readonly rows: readonly number[];
  readonly values: readonly number[];
}

/** Each piece on the type where it is worth least, summed by group. */
function cheapestCuts(problem: FluidProblem, layout: Layout, point: FluidWeights): Cut[] {
  const { types, dimensions, pieces, share } = problem;
  const offsets: number[] = [];
  let width = types * dimensions;
  for (const family of problem.steps) {
    offsets.push(width);
    width += family.size.length;
  }
  const sums = new Float64Array(layout.groups * width);
  const totals = new Float64Array(layout.groups);
  for (let i = 0; i < pieces; i++) {
    let chosen = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let t = 0; t < types; t++) {
      const base = (i * types + t) * dimensions;
      let worth = 0;
      for (let d = 0; d < dimensions; d++)
        worth += (point.weight[t * dimensions + d] as number) * (share[base + d] as number);
      if (worth < least) {
        least = worth;
        chosen = t;
      }
    }
    if (chosen < 0) continue;
    const group = layout.groupOf[i] as number;
    const from = (i * types + chosen) * dimensions;
    const to = group * width;
    for (let d = 0; d < dimensions; d++) {
      const k = to + chosen * dimensions + d;
      sums[k] = (sums[k] as number) + (share[from + d] as number);
    }
    for (let f = 0; f < problem.steps.length; f++) {
      const { of, count } = problem.steps[f] as StepFamily;
      const step = of[i] as number;
      if (step < 0) continue;
      const k = to + (offsets[f] as number) + step;
      sums[k] = (sums[k] as number) + (count[i] as number);
      least += (count[i] as number) * (point.stepValue[f]?.[step] as number);
    }
    totals[group] = (totals[group] as number) + least;
  }
  const rowAt = [...layout.rowOf];
  problem.steps.forEach((family, f) => {
    for (let j = 0; j < family.size.length; j++) rowAt.push((layout.stepRows[f] as number) + j);
  });
  return Array.from({ length: layout.groups }, (_, g) => {
    const rows: number[] = [];
    const values: number[] = [];
    for (let k = 0; k < width; k++) {
      const amount = sums[g * width + k] as number;
      if (amount === 0) continue;
      rows.push(rowAt[k] as number);
      values.push(-amount);
    }
    return { value: totals[g] as number, rows, values };
  });
}

/** The steps that fill a unit of type `t` with most value: a knapsack with bounded counts. */
function fullest(family: StepFamily, t: number, value: Float64Array): { value: number; counts: number[] } {
  const counts: number[] = new Array<number>(value.length).fill(0);
  const room = family.room[t] ?? 0;
  if (value.length === 0 || room === 0) return { value: 0, counts };
  // Powers of two of each step: every count up to the most is a sum of them.
  const bundles: { step: number; copies: number }[] = [];
  for (let j = 0; j < value.length; j++) {
    const size = family.size[j] as number;
    if (value[j] === 0 || size > room || !family.allows(t, j)) continue;
    let left = Math.min(family.most[j] as number, size === 0 ? 64 : Math.floor(room / size));
    for (let copies = 1; left > 0; copies *= 2) {
      bundles.push({ step: j, copies: Math.min(copies, left) });
      left -= Math.min(copies, left);
    }
  }
  const best = new Float64Array(room + 1);
  const width = room + 1;
  const taken = new Uint8Array(bundles.length * width);
  bundles.forEach(({ step, copies }, k) => {
    const size = (family.size[step] as number) * copies;
    const worth = (value[step] as number) * copies;
    const mark = k * width;
    for (let space = room; space >= size; space--) {
      const candidate = (best[space - size] as number) + worth;
      if (candidate > (best[space] as number)) {
        best[space] = candidate;
        taken[mark + space] = 1;
      }
    }
  });
  let space = room;
  for (let k = bundles.length - 1; k >= 0; k--) {
    if (taken[k * width + space] === 0) continue;
    const { step, copies } = bundles[k] as { step: number; copies: number };
    counts[step] = (counts[step] as number) + copies;
    space -= (family.size[step] as number) * copies;
  }
  return { value: best[room] as number, counts };
}

function unitsOf(
  problem: FluidProblem,
  layout: Layout,
  master: ColumnMaster,
  fleet: readonly number[] | null,
): Float64Array {
  const units = new Float64Array(problem.types);
  if (fleet !== null) return units;
  for (const [column, amount] of master.solution()) {
    const type = layout.unitColumns.get(column);
    if (type !== undefined) units[type] = (units[type] as number) + amount;
  }
  return units;
}

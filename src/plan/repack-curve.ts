import type { RebalancePoint, RebalanceStep } from '../pack/rebalance/step';

export const repackFormatVersion = '1.0';

/** What a saving is held against: it pays where, over the horizon, it saves more than its moves cost. */
export interface MoveEconomics {
  readonly horizonHours: number;
  readonly microsPerMove: number;
  /** Of 10^9 bytes that pods must fetch. */
  readonly microsPerGigabyte: number;
}

/** Thirty days of saving, against ten cents a move and two a gigabyte. */
export const usualEconomics: MoveEconomics = {
  horizonHours: 720,
  microsPerMove: 100_000,
  microsPerGigabyte: 20_000,
};

/** What `stowage repack --format json` prints of the curve: cost against moves, from the lockfile on. */
export interface RepackCurve {
  readonly formatVersion: typeof repackFormatVersion;
  readonly fleet: { readonly name: string };
  readonly economics: MoveEconomics;
  /** With what the lockfile forces, before any step. */
  readonly start: RebalancePoint;
  readonly steps: readonly RebalanceStep[];
  /** Everything placed anew: the end of the curve, and no step of it. */
  readonly fromNothing: RebalancePoint | null;
  /** How many steps pay: the next ones save less than their moves cost. */
  readonly worthwhile: number;
  /** How many the preview takes: those that pay, or as many as the limits allow. */
  readonly chosen: number;
}

/** Micro-dollars that going from one point to a later one costs, once. */
export function moveCost(from: RebalancePoint, to: RebalancePoint, economics: MoveEconomics): number {
  const moves = (to.moves - from.moves) * economics.microsPerMove;
  return moves + ((to.moveBytes - from.moveBytes) / 1e9) * economics.microsPerGigabyte;
}

/** Micro-dollars that it gains over the horizon, the moves' cost taken off. */
export function netGain(from: RebalancePoint, to: RebalancePoint, economics: MoveEconomics): number {
  const saved = (from.podCostMicrosPerHour - to.podCostMicrosPerHour) * economics.horizonHours;
  return saved - moveCost(from, to, economics);
}

/** The number of steps that gains most; of equals, the fewest. */
export function worthwhileSteps(
  start: RebalancePoint,
  steps: readonly RebalanceStep[],
  economics: MoveEconomics,
): number {
  let best = 0;
  let most = 0;
  steps.forEach(({ point }, at) => {
    const gain = netGain(start, point, economics);
    if (gain <= most) return;
    best = at + 1;
    most = gain;
  });
  return best;
}

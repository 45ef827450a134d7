import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { diagnostic, StowageError } from '../errors/stowage-error';

const fleetNames = ['fleet.ts', 'fleet.yaml', 'fleet.yml', 'fleet.json'] as const;
export const lockName = 'stowage.lock';

/** The given path, or the fleet of the current directory. @throws StowageError STW5001 */
export function findFleet(given: string | undefined, directory = '.'): string {
  if (given !== undefined) return given;
  const found = fleetIn(directory);
  if (found === null)
    throw new StowageError([diagnostic('STW5001', `no fleet here: looked for ${fleetNames.join(', ')}`)]);
  return found;
}

export function fleetIn(directory: string): string | null {
  return fleetNames.map((name) => join(directory, name)).find((path) => existsSync(path)) ?? null;
}

/** `stowage.lock` beside the fleet. */
export function lockBeside(fleetFile: string): string {
  return join(dirname(fleetFile), lockName);
}

/** True for a path that can only mean a fleet: lets a single argument stand for it. */
export function looksLikeFleet(path: string): boolean {
  return /\.(ya?ml|[cm]?[jt]s)$/i.test(path) && existsSync(path);
}

import { setTimeout as sleep } from 'node:timers/promises';
import { diagnostic, StowageError } from '../errors/stowage-error';
import type { MeshState } from '../protocol/mesh-state';
import { fetchText } from './call-model';

export interface StateOptions {
  /** Of models: all of them, those that are not up, or only how many. */
  readonly models: 'all' | 'problems' | 'none';
}

/** What meshd sees. @throws StowageError STW6206 */
export async function fetchState(control: string, { models }: StateOptions): Promise<MeshState> {
  const url = `${control.replace(/\/+$/, '')}/v1/state?models=${models}`;
  const { status, text } = await fetchText(url, {}, 10_000);
  try {
    const state = JSON.parse(text) as MeshState;
    if (status === 200 && typeof state.models === 'object' && Array.isArray(state.shards)) return state;
  } catch {
    // Told below.
  }
  throw new StowageError([diagnostic('STW6206', `what answers at ${url} (HTTP ${status}) is no meshd`)]);
}

/** Nothing is under way: each declared model is up, or failed. */
export function isSettled({ ready, routes, models, shards }: MeshState): boolean {
  const heard = shards.every(
    ({ pods }) => pods.length > 0 && pods.every(({ agent, table }) => agent === 'heard' && table !== 'other'),
  );
  return ready && !routes.underWay && heard && models.loading + models.moving + models.partial === 0;
}

/** Asks every `everyMs` until `done`; what cannot be asked now may be soon. null: `ended` came first. */
export async function pollState(
  control: string,
  options: StateOptions & { readonly everyMs: number; readonly ended: () => boolean },
  done: (state: MeshState) => boolean,
): Promise<MeshState | null> {
  while (!options.ended()) {
    try {
      const state = await fetchState(control, options);
      if (done(state)) return state;
    } catch (error) {
      if (!StowageError.is(error)) throw error;
    }
    await sleep(options.everyMs);
  }
  return null;
}

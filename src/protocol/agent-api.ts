import { createHash } from 'node:crypto';
import { diagnostic, StowageError } from '../errors/stowage-error';

/**
 * What meshd and an agent say to each other: HTTP and JSON on the agent's port, meshd is the client.
 * `POST /v1/sync` is a long poll. `authorization: Bearer <pod uid>` goes with it where meshd knows the pod's uid; an
 * agent that has STOWAGE_ADMIN_TOKEN answers 401 without it, so that no other pod can push a table or release a model.
 *
 * What an agent promises, and meshd's routes rest on:
 * - `ready` is said only of a model that the table has and that answers now (on-demand: that would be loaded when asked).
 *   An agent never ends such a model: first it says `leaving`, then it waits.
 * - A model is `leaving` when it answers and the table no longer has it. It ends when every router that synced within the
 *   last 30 s, and has not left since, has released it, or 60 s after the last router was heard. Having decided so, the agent says `gone` in the
 *   same step, and unloads after that; a `gone` model that the table gets back goes through `loading`.
 * - A release counts only with the agent's own `instance` and a `since` at or after the revision at which the model
 *   became leaving: one that was under way while the model came back and left again is void.
 * - The revision grows with each change of what a response says, and starts anew with each `instance`.
 */

/**
 * `waiting`: wanted, but leaving models still take its room. `failed`: not loaded, or no longer answering; the agent
 * tries again in its own time. `gone`: neither wanted nor held, said once, then left out of full lists.
 */
export const modelStates = ['loading', 'waiting', 'ready', 'failed', 'leaving', 'gone'] as const;
export type ModelState = (typeof modelStates)[number];

export interface SyncRequest {
  /** Names this router process: another one each time it starts. */
  readonly router: string;
  /** Revision that the router has seen of this agent's `instance`; 0: none. */
  readonly since: number;
  /** The agent's instance that `since` and `released` speak of; null: none known. */
  readonly instance: string | null;
  /** How long the agent may wait for news, in milliseconds. */
  readonly waitMs: number;
  /** The shard's desired model table; absent: the agent has it already, by its digest. */
  readonly table?: PushedTable;
  /** Served names, reported as leaving, that this router sends no more requests to: always all of them. */
  readonly released: readonly string[];
  /** Whether this router may still send requests to this pod: `/drain` ends when no router does. */
  readonly routed: boolean;
  /** True: this router has ended, and is not waited for. It has let go of everything. */
  readonly leaves?: boolean;
}

export interface PushedTable {
  /** Orders tables: an agent ignores one with a lower revision than the pushed one it has. */
  readonly revision: number;
  /** File name (`models-0.jsonl`) to text, as `parseModelTable` reads it. */
  readonly parts: Readonly<Record<string, string>>;
}

export interface SyncResponse {
  readonly pod: string;
  readonly shard: string;
  /** Random for each start of the agent. */
  readonly instance: string;
  readonly revision: number;
  /** False: the pod drains or its model server does not answer; send it no requests. */
  readonly serving: boolean;
  /** `tableDigest` of the table that the agent goes by, pushed or mounted; null: none. */
  readonly tableDigest: string | null;
  /** `revision` of the pushed table that it goes by; 0: a mounted one, or none. */
  readonly tableRevision: number;
  /** Why the agent refused the table in this request; null: it did not. */
  readonly tableProblem: string | null;
  /** True: `models` is all there is; false: what changed after the request's `since`. */
  readonly full: boolean;
  readonly models: readonly ModelReport[];
}

export interface ModelReport {
  /** `tenant/name@version` */
  readonly model: string;
  readonly served: string;
  readonly state: ModelState;
  readonly residency: 'resident' | 'on-demand';
  /** Why it failed or waits; null: it does neither. */
  readonly reason: string | null;
  /** Measured; null: not known, or not in memory now. */
  readonly memoryBytes: number | null;
  readonly declaredBytes: number;
}

/** Tells tables apart by their text, on both sides alike. */
export function tableDigest(parts: Readonly<Record<string, string>>): string {
  const hash = createHash('sha256');
  for (const file of Object.keys(parts).sort()) hash.update(JSON.stringify([file, parts[file]]));
  return hash.digest('base64url');
}

/** @throws StowageError STW6004 where the text is not a sync request */
export function parseSyncRequest(text: string): SyncRequest {
  return parse(text, 'sync request', (value) => {
    const { table } = value;
    return (
      isText(value.router) &&
      isCount(value.since) &&
      (value.instance === null || isText(value.instance)) &&
      isCount(value.waitMs) &&
      isTexts(value.released) &&
      typeof value.routed === 'boolean' &&
      (value.leaves === undefined || typeof value.leaves === 'boolean') &&
      (table === undefined ||
        (isObject(table) &&
          isCount(table.revision) &&
          isObject(table.parts) &&
          Object.values(table.parts).every((part) => typeof part === 'string')))
    );
  }) as unknown as SyncRequest;
}

/** @throws StowageError STW6004 where the text is not a sync response */
export function parseSyncResponse(text: string): SyncResponse {
  return parse(
    text,
    'sync response',
    (value) =>
      isText(value.pod) &&
      isText(value.shard) &&
      isText(value.instance) &&
      isCount(value.revision) &&
      typeof value.serving === 'boolean' &&
      isTextOrNull(value.tableDigest) &&
      isCount(value.tableRevision) &&
      isTextOrNull(value.tableProblem) &&
      typeof value.full === 'boolean' &&
      Array.isArray(value.models) &&
      value.models.every(isReport),
  ) as unknown as SyncResponse;
}

function isReport(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value.model === 'string' &&
    /^[^/]+\/[^/@]+@[^/@]+$/.test(value.model) &&
    isText(value.served) &&
    (modelStates as readonly unknown[]).includes(value.state) &&
    (value.residency === 'resident' || value.residency === 'on-demand') &&
    isTextOrNull(value.reason) &&
    (value.memoryBytes === null || isCount(value.memoryBytes)) &&
    isCount(value.declaredBytes)
  );
}

function parse(text: string, what: string, fits: (value: Record<string, unknown>) => boolean): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Reported with the others below.
  }
  if (isObject(value) && fits(value)) return value;
  const shown = text.length > 120 ? `${text.slice(0, 120)}...` : text;
  throw new StowageError([diagnostic('STW6004', `not a ${what}: ${shown}`)]);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}
function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

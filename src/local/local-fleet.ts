import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Fleet, RuntimeAdapter } from '../declare/fleet';
import { type Diagnostic, diagnostic, StowageError } from '../errors/stowage-error';
import type { Plan, PlannedShard } from '../plan/plan';
import { renderFleet } from '../render/render';
import type { PartName } from './parts';

/** Ports of every pod here: each pod has a loopback address of its own. */
export interface PodPorts {
  readonly http: number;
  readonly grpc: number;
  readonly metrics: number;
  readonly agent: number;
  readonly proxy: number;
}

const partOf: Readonly<Partial<Record<RuntimeAdapter, PartName>>> = { mlserver: 'mlserver', triton: 'triton' };

export interface ServedShard {
  readonly shard: PlannedShard;
  readonly part: PartName;
  readonly replicas: number;
  /** The shard's model table: file name to text. */
  readonly table: Readonly<Record<string, string>>;
}

export interface LocalPlan {
  readonly served: readonly ServedShard[];
  /** The fleet's aliases: file name to text. */
  readonly routes: Readonly<Record<string, string>>;
  /** STW6202 as a warning for what is left out. */
  readonly warnings: readonly Diagnostic[];
}

/** Model servers that the plan's shards ask for. */
export function neededParts(fleet: Fleet, plan: Plan): readonly PartName[] {
  const parts = plan.shards.map((shard) => partOf[adapterOf(fleet, shard)]);
  return [...new Set(parts.filter((part) => part !== undefined))].sort();
}

/**
 * What of a plan runs here, with the tables that agents and meshd read. `file:` URIs that are relative start at the
 * fleet file.
 * @throws StowageError STW6202 where nothing of it runs here; STW4xxx
 */
export function localPlan(
  fleet: Fleet,
  plan: Plan,
  options: { readonly fleetFile: string; readonly ports: PodPorts; readonly replicas: number | null },
): LocalPlan {
  const { tables, routes } = tablesOf(localFleet(fleet, options), plan);
  const served = plan.shards.flatMap((shard): ServedShard[] => {
    const part = partOf[adapterOf(fleet, shard)];
    if (part === undefined) return [];
    const replicas = Math.max(1, Math.min(shard.replicas, options.replicas ?? shard.replicas));
    return [{ shard, part, replicas, table: tables.get(shard.id) ?? {} }];
  });
  const left = plan.shards.filter((shard) => partOf[adapterOf(fleet, shard)] === undefined);
  const severity = served.length === 0 ? ('error' as const) : ('warning' as const);
  const warnings = left.map((shard) =>
    diagnostic('STW6202', `shard ${shard.id} (runtime ${shard.runtime}, ${shard.models.length} models) is left out`, {
      severity,
    }),
  );
  if (served.length === 0) throw new StowageError(warnings);
  return { served, routes, warnings };
}

function adapterOf(fleet: Fleet, shard: PlannedShard): RuntimeAdapter {
  const runtime = fleet.runtimes.find(({ name }) => name === shard.runtime);
  if (runtime === undefined) throw new TypeError(`the plan names a runtime that the fleet lacks: ${shard.runtime}`);
  return runtime.adapter;
}

/** The fleet as its tables say it here: ports that are free, and files where they are on this machine. */
function localFleet(
  fleet: Fleet,
  { fleetFile, ports }: { readonly fleetFile: string; readonly ports: PodPorts },
): Fleet {
  const base = dirname(resolve(fleetFile));
  return {
    ...fleet,
    runtimes: fleet.runtimes.map((runtime) => ({
      ...runtime,
      ports: { http: ports.http, grpc: ports.grpc, metrics: ports.metrics },
    })),
    models: fleet.models.map((model) => ({ ...model, storageUri: absoluteUri(model.storageUri, base) })),
  };
}

/** `file:models/iris` and `file://./models/iris` are relative; `file:///srv/iris` is not. */
export function absoluteUri(uri: string, base: string): string {
  const path = /^file:(?:\/\/(?=\.{1,2}(?:\/|$)))?([^/].*)$/.exec(uri)?.[1];
  return path === undefined ? uri : pathToFileURL(resolve(base, decodeURI(path))).href;
}

type Table = Readonly<Record<string, string>>;

/** The ConfigMaps of each shard, and of the fleet itself. */
function tablesOf(fleet: Fleet, plan: Plan): { readonly tables: ReadonlyMap<string, Table>; readonly routes: Table } {
  const tables = new Map<string, Table>();
  let routes: Table = {};
  for (const { shard, objects } of renderFleet(fleet, plan)) {
    const parts = objects.filter(({ kind }) => kind === 'ConfigMap').map((map) => map.data as Record<string, string>);
    const table: Table = Object.assign({}, ...parts);
    if (shard === null) routes = table;
    else tables.set(shard, table);
  }
  return { tables, routes };
}

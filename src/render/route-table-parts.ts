import type { Alias, Fleet } from '../declare/fleet';
import { diagnostic, StowageError } from '../errors/stowage-error';
import { fleetLabels, names, tableLabel } from './names';
import type { KubernetesObject } from './objects';
import { type RouteTableAlias, type RouteTableHeader, routeTableVersion } from './route-table';
import { ascii, cutInParts, partLimitBytes } from './table-parts';

/** A power of two: 48 MiB, a hundred thousand aliases and more. */
const maxParts = 64;

/**
 * The ConfigMaps of the fleet's aliases, higher parts first: an alias that changes its part is always in one. None where the
 * fleet has no alias.
 * @throws StowageError STW4009
 */
export function routeTables(fleet: Fleet): readonly KubernetesObject[] {
  if (fleet.aliases.length === 0) return [];
  const lines = fleet.aliases.map((alias) => ({ key: alias.key, text: ascii(JSON.stringify(lineOf(alias))) }));
  const header = (part: number): RouteTableHeader => ({ routeTableVersion, fleet: fleet.name, part });
  const parts = cutInParts(lines, {
    maxParts,
    header: (part) => JSON.stringify(header(part)),
    tooLarge: () => {
      const message = `the ${lines.length} aliases need more than the ${maxParts} parts of ${partLimitBytes} bytes that the route table may have`;
      return new StowageError([diagnostic('STW4009', message)]);
    },
  });
  return parts
    .map(({ part, text }) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: names.routeTable(fleet, part),
        namespace: fleet.namespace,
        labels: { ...fleetLabels(fleet, 'router'), [tableLabel]: 'routes' },
      },
      data: { [`routes-${part}.jsonl`]: text },
    }))
    .reverse();
}

function lineOf({ key, tenant, name, targets, mirror, timeoutMs }: Alias): RouteTableAlias {
  return {
    alias: key,
    tenant,
    name,
    targets: targets.map(({ model, weight }) => ({ model, weight })),
    ...(mirror === null ? {} : { mirror: { model: mirror.model, shareMicro: mirror.shareMicro } }),
    ...(timeoutMs === null ? {} : { timeoutMs }),
  };
}

import { byCodePoint } from '../declare/findings';
import { type Diagnostic, StowageError } from '../errors/stowage-error';
import { between, count, listOf, matching, object, text } from './json-checks';
import { type RouteTable, type RouteTableAlias, type RouteTableHeader, routeTableVersion } from './route-table';
import { brokenLine, readTablePart, type TableKind } from './table-lines';

/**
 * Reads the route table from its parts: file name (or ConfigMap key) to text. Lines and fields of a later minor version are
 * skipped. While a part is being cut in two, both halves may hold an alias: the higher part wins. No part at all is a table
 * without aliases.
 * @throws StowageError STW4008 for a version from the future; STW4007 with every broken line, file and number
 */
export function parseRouteTable(parts: Readonly<Record<string, string>>): RouteTable {
  const findings: Diagnostic[] = [];
  const read = Object.keys(parts)
    .map((file) => readPart(file, parts[file] ?? '', findings))
    .filter((part) => part !== null)
    .sort((a, b) => a.part - b.part);
  const fleet = read[0]?.fleet ?? null;
  for (const part of read) {
    if (part.fleet !== fleet)
      findings.push(brokenLine(kind, part.file, 1, `it is of fleet "${part.fleet}", others of "${fleet}"`));
  }
  if (findings.length > 0) throw new StowageError(findings);
  const aliases = new Map(read.flatMap((part) => part.aliases.map((alias) => [alias.alias, alias])));
  return { fleet, aliases: [...aliases.values()].sort((a, b) => byCodePoint(a.alias, b.alias)) };
}

interface ReadPart {
  readonly file: string;
  readonly fleet: string;
  readonly part: number;
  readonly aliases: readonly RouteTableAlias[];
}

function readPart(file: string, content: string, findings: Diagnostic[]): ReadPart | null {
  const aliases = new Map<string, RouteTableAlias>();
  const header = readTablePart(kind, file, content, findings, (value) => {
    if (!('alias' in value)) return null;
    const alias = value as unknown as RouteTableAlias;
    const problem = aliasProblem(value) ?? (aliases.has(alias.alias) ? `"${alias.alias}" stands there twice` : null);
    if (problem === null) aliases.set(alias.alias, alias);
    return problem;
  });
  if (header === null) return null;
  const { fleet, part } = header as unknown as RouteTableHeader;
  return { file, fleet, part, aliases: [...aliases.values()] };
}

const headerShape = object({ fleet: text, part: count });
const model = matching(/^[^/]+\/[^/@]+@[^/@]+$/, 'tenant/name@version');
const aliasShape = object(
  {
    alias: matching(/^[^/]+\/[^/@]+$/, 'tenant/name'),
    tenant: text,
    name: text,
    targets: listOf(object({ model, weight: between(0, 1_000_000) })),
  },
  { mirror: object({ model, shareMicro: between(1, 1_000_000) }), timeoutMs: between(1, 86_400_000) },
);

const kind: TableKind = {
  versionField: 'routeTableVersion',
  version: routeTableVersion,
  codes: { later: 'STW4008', broken: 'STW4007' },
  headerProblem: (value) => headerShape(value, ''),
};

/** Also what declaring has refused: a table may have been written by hand, and no tenant may reach another's model. */
function aliasProblem(value: Record<string, unknown>): string | null {
  const shape = aliasShape(value, '');
  if (shape !== null) return shape;
  const { alias, tenant, name, targets, mirror } = value as unknown as RouteTableAlias;
  if (alias !== `${tenant}/${name}`) return `"alias" must be "${tenant}/${name}"`;
  const models = targets.map((target) => target.model);
  if (new Set(models).size < models.length) return '"targets" has a model twice';
  if (!targets.some(({ weight }) => weight > 0)) return 'a weight in "targets" must be above 0';
  const all = mirror === undefined ? models : [...models, mirror.model];
  const foreign = all.find((key) => !key.startsWith(`${tenant}/`));
  return foreign === undefined ? null : `"${foreign}" is a model of another tenant`;
}

/**
 * The route table: the fleet's aliases, as meshd reads them. Synthesis writes it into ConfigMaps of the fleet's own. Its
 * reference is `docs/reference/route-table.md`.
 */

/** A reader refuses a higher one. Fields and kinds of line that a reader does not know do not raise it. */
export const routeTableVersion = 1;

/** First line of each part. */
export interface RouteTableHeader {
  readonly routeTableVersion: typeof routeTableVersion;
  readonly fleet: string;
  /** Number of this part, as in the name of its ConfigMap. */
  readonly part: number;
}

/** One line an alias. */
export interface RouteTableAlias {
  /** `tenant/name`: unique. */
  readonly alias: string;
  readonly tenant: string;
  readonly name: string;
  /** Sorted by model, each once; at least one weight is above 0. */
  readonly targets: readonly { readonly model: string; readonly weight: number }[];
  /** Absent where it has none. */
  readonly mirror?: { readonly model: string; readonly shareMicro: number };
  /** Absent: each target's own. */
  readonly timeoutMs?: number;
}

/** All parts together. */
export interface RouteTable {
  /** null: there is no part. */
  readonly fleet: string | null;
  /** Sorted by key. */
  readonly aliases: readonly RouteTableAlias[];
}

const text = { type: 'string', minLength: 1 } as const;
const model = { type: 'string', pattern: '^[^/]+/[^/@]+@[^/@]+$' } as const;
const count = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const;

/** An object that readers take with more fields than these. */
const fields = (properties: Record<string, unknown>, optional: readonly string[] = []) => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
});

/** JSON Schema (draft 2020-12) of one line of a part: the first is a header, the others are aliases or unknown. */
export function routeTableSchema(): Record<string, unknown> {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Stowage route table: one line of a part',
    description: 'Readers skip fields and kinds of line that they do not know, and refuse a higher routeTableVersion.',
    anyOf: [{ $ref: '#/$defs/Header' }, { $ref: '#/$defs/Alias' }, { $ref: '#/$defs/Unknown' }],
    $defs: {
      Header: fields({ routeTableVersion: { const: routeTableVersion }, fleet: text, part: count }),
      Alias: fields(
        {
          alias: { type: 'string', pattern: '^[^/]+/[^/@]+$' },
          tenant: text,
          name: text,
          targets: {
            type: 'array',
            minItems: 1,
            items: fields({ model, weight: { type: 'integer', minimum: 0, maximum: 1_000_000 } }),
          },
          mirror: fields({ model, shareMicro: { type: 'integer', minimum: 1, maximum: 1_000_000 } }),
          timeoutMs: { type: 'integer', minimum: 1, maximum: 86_400_000 },
        },
        ['mirror', 'timeoutMs'],
      ),
      Unknown: {
        type: 'object',
        not: { anyOf: [{ required: ['routeTableVersion'] }, { required: ['alias'] }] },
      },
    },
  };
}

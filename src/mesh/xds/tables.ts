import { createHash } from 'node:crypto';
import type { ModelRoute, ShardEndpoints } from '../route-state';
import { sharesOf, wholeShare } from '../shares';
import { type ClusterKind, clusterKinds, clusterName, duration } from './clusters';
import { listerHeader, listPath } from './listing';
import { mirrored, type Route } from './mirror';
import { type Any, protos } from './protos';
import { type Rewrite, rewriteKey, rewriteOf } from './rewrites';

/** One route table (Envoy: RouteConfiguration): all that routes of a shard with the same treatment share. */
export interface TableSpec {
  readonly name: string;
  /** One, or an alias's versions: their shares sum up to 1,000,000. */
  readonly branches: readonly Branch[];
  /** A served name that gets copies of requests. */
  readonly mirror: NonNullable<ModelRoute['mirror']> | null;
}

interface Branch {
  readonly shard: string;
  readonly rewrite: Rewrite;
  readonly residency: ModelRoute['residency'];
  readonly timeoutMs: number;
  readonly shareMicro: number;
}

export function tableOf(route: ModelRoute): TableSpec {
  const { shard, residency, timeoutMs, split, mirror = null } = route;
  if (split === undefined && mirror === null) {
    const rewrite = rewriteOf(route);
    const kind = residency === 'resident' ? 'r' : 'd';
    const name = `${shard}:${kind}${timeoutMs}:${rewriteKey(rewrite)}`;
    return { name, branches: [{ shard, rewrite, residency, timeoutMs, shareMicro: wholeShare }], mirror };
  }
  // All that it does is in its name: what changes is another table, to which the scope moves when Envoy has it.
  const shares = split ?? [{ ...route, shareMicro: wholeShare }];
  const branches = shares.map(
    ({ served, shard, residency, timeoutMs, shareMicro }): Branch => ({
      ...{ shard, residency, timeoutMs, shareMicro },
      rewrite: { kind: 'instead', served },
    }),
  );
  const digest = createHash('sha256')
    .update(JSON.stringify([branches, mirror]))
    .digest('base64url');
  return { name: `:alias:${digest.slice(0, 22)}`, branches, mirror };
}

/** The shards that a route leads to. */
export function shardsOf({ shard, split }: ModelRoute): readonly string[] {
  return split === undefined ? [shard] : split.map((share) => share.shard);
}

/** The clusters that a branch sends to. */
export function branchClusters(branch: Branch, shard: ShardEndpoints): readonly ClusterKind[] {
  const kinds = clusterKinds(shard);
  if (branch.residency === 'resident') return kinds;
  return kinds.map((kind) => (kind === 'http' ? 'proxy' : 'proxy-grpc'));
}

/** The static cluster of meshd's HTTP. */
export const meshdApiCluster = 'stowage-meshd-api';

/** The static cluster of meshd's own socket. */
export const meshdCluster = 'stowage-meshd';

/** Where Lua filters find a route's rewrite: the name of the filter itself. */
const rewriteMetadata = 'stowage.names';

const literal = (text: string) => text.replaceAll('\\', '\\\\');

// The name as asked is the segment that the scope was chosen by: whatever it is, it is replaced here.
const rewritten = (start: string, segment: string, rewrite: Rewrite, end = '') => ({
  pattern: { regex: `^${start}(${segment})${end}` },
  substitution: `${start}${servedFrom(rewrite)}`,
});

/** The served name as a substitution, with the name as asked in group 1. */
const servedFrom = (rewrite: Rewrite): string =>
  rewrite.kind === 'around' ? `${literal(rewrite.prefix)}\\1${literal(rewrite.suffix)}` : literal(rewrite.served);

const fraction = (numerator: number): object => ({ default_value: { numerator, denominator: 'MILLION' } });

const method = (name: string) => ({ name: ':method', string_match: { exact: name } });

const protocols: readonly ShardEndpoints['protocols'][number][] = ['v2-rest', 'v1-rest', 'openai', 'v2-grpc'];

/**
 * The routes of one protocol, in the order in which Envoy tries them. Of an alias, each but the last takes requests by
 * Envoy's random number of the request, which is the same at each look: Lua is told of the very version that is asked then.
 * Shards that do not speak the protocol have no part in it.
 */
function protocolRoutes(
  protocol: ShardEndpoints['protocols'][number],
  { branches, mirror }: TableSpec,
  shards: ReadonlyMap<string, ShardEndpoints>,
): readonly object[] {
  const speaking = branches.filter(({ shard }) => shards.get(shard)?.protocols.includes(protocol) === true);
  const shares = sharesOf(speaking.map(({ shareMicro }) => shareMicro));
  let until = 0;
  return speaking.flatMap((branch, i) => {
    const from = until;
    until += shares[i] ?? 0;
    const range = { from, until };
    const some = i < speaking.length - 1 ? { runtime_fraction: fraction(until) } : {};
    const routes = branchRoutes(protocol, branch).map((route) => ({ ...route, match: { ...route.match, ...some } }));
    return mirror === null ? routes : routes.map((route) => mirrored(route, protocol, mirror, range));
  });
}

/** What one model server is asked by one protocol: the inference methods alone. */
function branchRoutes(protocol: ShardEndpoints['protocols'][number], branch: Branch): readonly Route[] {
  const { rewrite, residency, timeoutMs } = branch;
  const onDemand = residency === 'on-demand';
  const to = (kind: 'http' | 'grpc'): string =>
    clusterName(branch.shard, onDemand ? (kind === 'http' ? 'proxy' : 'proxy-grpc') : kind);
  const timeout = duration(timeoutMs);
  // By the served name, however the model was asked for: it is to be loaded in one place. Paths are rewritten before.
  const hashOn = (header: string, regex: string, substitution: string) =>
    onDemand ? [{ header: { header_name: header, regex_rewrite: { pattern: { regex }, substitution } } }] : [];

  // For Lua, which asks what a name leads to.
  const metadata = { filter_metadata: { [rewriteMetadata]: { fields: rewriteFields(rewrite) } } };
  const byScope = hashOn('x-stowage-scope', '^(.*)$', servedFrom(rewrite));
  const byPath = (segment: string) => hashOn(':path', `^${segment}.*$`, '\\1');
  const rest = (regex: string, headers: readonly object[], regex_rewrite: object, hash_policy: readonly object[]) => ({
    metadata,
    match: { safe_regex: { regex }, headers },
    route: {
      cluster: to('http'),
      timeout,
      regex_rewrite,
      hash_policy,
    },
  });
  switch (protocol) {
    case 'v2-rest': {
      const change = rewritten('/v2/models/', '[^/]+', rewrite);
      const hash = byPath('/v2/models/([^/?]+)');
      return [
        rest('/v2/models/[^/]+/(infer|generate|generate_stream)', [method('POST')], change, hash),
        rest('/v2/models/[^/]+(/ready)?', [method('GET')], change, hash),
      ];
    }
    case 'v1-rest': {
      const change = rewritten('/v1/models/', '[^/:]+', rewrite);
      // Lua has put the slash before the colon, so that the name is a segment of the path.
      const predict = rewritten('/v1/models/', '[^/:]+', rewrite, '/?');
      const hash = byPath('/v1/models/([^/?:]+)');
      return [
        rest('/v1/models/[^/:]+/:predict', [method('POST')], predict, hash),
        rest('/v1/models/[^/:]+', [method('GET')], change, hash),
      ];
    }
    case 'openai': {
      // The Lua filter has put the body's model into the path and a header, and its served name into the body.
      const own = { name: 'x-stowage-openai', string_match: { exact: '1' } };
      const change = { pattern: { regex: '^/v1/openai/[^/]+/' }, substitution: '/v1/' };
      const asked = '/v1/openai/[^/]+/(chat/completions|completions|embeddings)';
      return [
        {
          ...rest(asked, [method('POST'), own], change, byScope),
          request_headers_to_remove: ['x-stowage-openai'],
        },
      ];
    }
    case 'v2-grpc':
      return [
        {
          metadata,
          match: {
            // The scope is set by the Lua filter of the gRPC listener alone, which has let only inference methods through.
            prefix: '/inference.GRPCInferenceService/',
            headers: [{ name: 'x-stowage-scope', present_match: true }],
          },
          route: {
            cluster: to('grpc'),
            timeout,
            hash_policy: byScope,
          },
        },
      ];
  }
}

/** One virtual host with the inference methods alone: whatever else is asked finds no route. */
export function tableResource(table: TableSpec, shards: ReadonlyMap<string, ShardEndpoints>): Any {
  const { encode } = protos();
  const routes = protocols.flatMap((protocol) => protocolRoutes(protocol, table, shards));
  return encode('envoy.config.route.v3.RouteConfiguration', {
    name: table.name,
    virtual_hosts: [
      {
        name: table.branches[0]?.shard ?? table.name,
        domains: ['*'],
        routes,
        retry_policy: {
          // 503 and UNAVAILABLE: this pod cannot, another may. 400, 404 and 500 are the model's own answers.
          retry_on: 'connect-failure,refused-stream,reset-before-request,retriable-status-codes,unavailable',
          retriable_status_codes: [503],
          num_retries: { value: 1 },
          // Holds for streams alone, whose own timeout Lua lifts, and there until the answer begins.
          per_try_timeout: duration(Math.max(...table.branches.map(({ timeoutMs }) => timeoutMs))),
          retry_host_predicate: [
            {
              name: 'envoy.retry_host_predicates.previous_hosts',
              typed_config: encode('envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate', {}),
            },
          ],
          // Of two pods, the choice must not fall on the first again by chance.
          host_selection_retry_max_attempts: 16,
        },
      },
    ],
  });
}

function rewriteFields(rewrite: Rewrite): object {
  // protobufjs spells the fields of its own well-known types so.
  const text = (value: string) => ({ stringValue: value });
  return rewrite.kind === 'around'
    ? { prefix: text(rewrite.prefix), suffix: text(rewrite.suffix) }
    : { served: text(rewrite.served) };
}

/** The table of methods that meshd answers itself; no shard's table starts with a colon. */
export const serverTable = ':server';

/** Methods about the mesh as a whole: gRPC's over the xDS socket, the list of a tenant's models by meshd's HTTP. */
export const serverTableResource = (): Any =>
  protos().encode('envoy.config.route.v3.RouteConfiguration', {
    name: serverTable,
    virtual_hosts: [
      {
        name: 'stowage',
        domains: ['*'],
        routes: [
          {
            match: { safe_regex: { regex: '/inference\\.GRPCInferenceService/Server(Live|Ready|Metadata)' } },
            route: { cluster: meshdCluster, timeout: { seconds: 5 } },
          },
          {
            match: { path: listPath, headers: [method('GET'), { name: listerHeader, present_match: true }] },
            route: { cluster: meshdApiCluster, timeout: { seconds: 10 }, prefix_rewrite: '/v1/models' },
          },
        ],
      },
    ],
  });

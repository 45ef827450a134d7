import type { PushedTable, SyncResponse } from '../../protocol/agent-api';
import type { ModelTable } from '../../render/model-table';
import type { RouteTableAlias } from '../../render/route-table';
import type { RouteState } from '../route-state';

/** A shard's table as agents take it. */
export interface KnownTable extends PushedTable {
  readonly digest: string;
}

/** A shard's table as a source read it. */
export interface SourceTable extends KnownTable {
  readonly table: ModelTable;
}

/** A pod of a shard, as a source knows it. */
export interface SourcePod {
  readonly pod: string;
  readonly shard: string;
  readonly address: string;
  readonly zone: string | null;
  /** It runs and is not about to end. */
  readonly alive: boolean;
  /** What the agent takes as proof that a router speaks; null: it asks for none. */
  readonly token: string | null;
  readonly ports: {
    readonly agent: number;
    readonly proxy: number;
    /** Where this pod's server listens; null: where the table says. */
    readonly http: number | null;
    readonly grpc: number | null;
  };
}

/**
 * What happens around the control. Events of a source carry the `revision` at which they were true: one that is older
 * than what is known of the same shard or pod changes nothing.
 */
export type ControlEvent =
  | { readonly type: 'table-changed'; readonly shard: string; readonly table: SourceTable }
  | { readonly type: 'table-broken'; readonly shard: string; readonly revision: number; readonly problem: string }
  | { readonly type: 'table-removed'; readonly shard: string; readonly revision: number }
  | { readonly type: 'aliases-changed'; readonly revision: number; readonly aliases: readonly RouteTableAlias[] }
  | { readonly type: 'aliases-broken'; readonly revision: number; readonly problem: string }
  | { readonly type: 'pod-changed'; readonly revision: number; readonly pod: SourcePod }
  | { readonly type: 'pod-removed'; readonly revision: number; readonly pod: string }
  /** All that the source had at its start has been told. */
  | { readonly type: 'source-synced' }
  | AgentReportEvent
  /** The agent has not answered for so long that what it said is no longer to be relied on. */
  | { readonly type: 'agent-lost'; readonly pod: string }
  | { readonly type: 'routes-acked'; readonly push: number }
  | { readonly type: 'routes-refused'; readonly push: number; readonly reason: string }
  | { readonly type: 'tick'; readonly nowMs: number };

export interface AgentReportEvent {
  readonly type: 'agent-report';
  readonly pod: string;
  /** What the request that this answers said. */
  readonly asked: { readonly instance: string | null; readonly since: number; readonly tableDigest: string | null };
  readonly response: SyncResponse;
}

export type ControlAction =
  /** Give Envoy these routes; answer with `routes-acked` or `routes-refused` of the same number. */
  | { readonly type: 'push'; readonly push: number; readonly state: RouteState }
  /** From now on, sync with the pod's agent like this. */
  | { readonly type: 'sync-agent'; readonly order: SyncOrder }
  | { readonly type: 'forget-agent'; readonly pod: string };

export interface SyncOrder {
  readonly pod: string;
  readonly address: string;
  readonly port: number;
  readonly token: string | null;
  readonly instance: string | null;
  readonly since: number;
  /** To push; null: nothing. */
  readonly table: KnownTable | null;
  /** Sorted. */
  readonly released: readonly string[];
  readonly routed: boolean;
}

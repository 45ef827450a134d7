import type { ModelState } from './agent-api';

/** What `GET /v1/state` of meshd answers: what should be, what is, and why they differ. `stowage status` shows it. */
export interface MeshState {
  readonly fleet: string;
  /** This router process. */
  readonly router: string;
  /** Envoy has acknowledged routes of this process. */
  readonly ready: boolean;
  readonly source: { readonly synced: boolean; readonly problem: string | null };
  readonly routes: {
    /** Names that clients may ask for. */
    readonly names: number;
    /** A push that Envoy has not answered yet. */
    readonly underWay: boolean;
    /** Why Envoy refused the last push; null: it did not. */
    readonly refused: string | null;
  };
  readonly aliases: {
    /** Why a newer route table is not used; null: there is none. */
    readonly problem: string | null;
    /** Sorted by alias; empty where models are not asked for. */
    readonly list: readonly AliasState[];
  };
  readonly models: Readonly<Record<ServiceState, number>>;
  /** Sorted by shard. */
  readonly shards: readonly ShardState[];
}

/**
 * A model in a shard: `up` on all its members, `partial` on some of its pods (others could not load it), `moving`
 * (declared here, served from elsewhere until it is ready here), `loading`, `failed` on every pod, `leaving` (held here,
 * declared elsewhere or nowhere). A model in several shards counts as `up` when it is in all of them, as `moving` while
 * one is still to come, as `partial` when one or more serve it and others failed.
 */
export const serviceStates = ['up', 'partial', 'moving', 'loading', 'failed', 'leaving'] as const;
export type ServiceState = (typeof serviceStates)[number];

export interface AliasState {
  /** `tenant/name` */
  readonly alias: string;
  /** As declared, each with the share that it gets now, in millionths: 0 where it is not up. */
  readonly targets: readonly { readonly model: string; readonly weight: number; readonly shareMicro: number }[];
  /** `up`: the model is. null: none is declared. */
  readonly mirror: { readonly model: string; readonly shareMicro: number; readonly up: boolean } | null;
}

export interface ShardState {
  readonly shard: string;
  readonly table: {
    readonly revision: number;
    /** Its ConfigMaps are gone: what the shard holds stays in service until its pods are gone. */
    readonly removed: boolean;
    /** Why a newer one is not used; null: there is none. */
    readonly problem: string | null;
  };
  /** Sorted. */
  readonly pods: readonly PodState[];
  /** Sorted by key; left out where they are not asked for. */
  readonly models?: readonly ShardModelState[];
}

export interface PodState {
  readonly pod: string;
  readonly address: string;
  readonly zone: string | null;
  readonly alive: boolean;
  readonly agent: 'not-heard' | 'heard' | 'lost';
  readonly serving: boolean;
  /** It gets the requests for all that its shard is to serve now. */
  readonly member: boolean;
  /** Whether its agent goes by the shard's table. */
  readonly table: 'current' | 'other' | 'refused';
  readonly tableProblem: string | null;
  /** Sum over models of what was measured, and of what was declared, in bytes. */
  readonly memoryBytes: number;
  readonly declaredBytes: number;
}

export interface ShardModelState {
  readonly model: string;
  readonly served: string;
  readonly residency: 'resident' | 'on-demand';
  readonly state: ServiceState;
  /** The group that its route points to; null: none. */
  readonly route: string | null;
  /** Sorted: the shards that the group takes pods of, where its name does not say it. */
  readonly routeShards?: readonly string[];
  /** Sorted by pod. */
  readonly pods: readonly PodModelState[];
}

export interface PodModelState {
  readonly pod: string;
  readonly state: ModelState;
  readonly reason: string | null;
  readonly memoryBytes: number | null;
  readonly declaredBytes: number;
}

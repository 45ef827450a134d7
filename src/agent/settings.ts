import { agentPorts, paths } from '../render/names';
import { defaultLimits } from './core/events';
import { agentError } from './reason';

/** What the agent is told by its environment: docs/reference/agent-api.md lists the variables. */
export interface AgentSettings {
  readonly fleet: string;
  readonly shard: string;
  readonly pod: string;
  readonly modelTable: string;
  readonly adminToken: string | null;
  readonly credentials: string | null;
  readonly claims: string;
  readonly listen: { readonly host: string | null; readonly agent: number; readonly proxy: number };
  /** Where another than the table's own says: for processes that run side by side on one machine. */
  readonly server: {
    readonly host: string;
    readonly http: number | null;
    readonly grpc: number | null;
    readonly metrics: number | null;
    readonly pid: number | null;
  };
  readonly repository: string | null;
  readonly loadTimeoutMs: number;
  readonly fetchTimeoutMs: number;
  readonly demandWaitMs: number;
  readonly roomWaitMs: number;
  readonly readyHoldMs: number;
  readonly probeSeconds: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws StowageError STW6106 */
export function readSettings(env: Environment): AgentSettings {
  const text = (name: string): string => {
    const value = env[name];
    if (value === undefined || value === '') throw agentError('STW6106', `${name} is not set`);
    return value;
  };
  const orNull = (name: string): string | null => (env[name] === undefined || env[name] === '' ? null : text(name));
  const whole = (name: string, fallback: number): number => wholeOrNull(name) ?? fallback;
  const wholeOrNull = (name: string): number | null => {
    const value = orNull(name);
    if (value === null) return null;
    if (!/^\d{1,12}$/.test(value)) throw agentError('STW6106', `${name} is "${value}": it must be a whole number`);
    return Number(value);
  };
  return {
    fleet: text('STOWAGE_FLEET'),
    shard: text('STOWAGE_SHARD'),
    pod: text('STOWAGE_POD'),
    modelTable: orNull('STOWAGE_MODEL_TABLE') ?? paths.modelTable,
    adminToken: orNull('STOWAGE_ADMIN_TOKEN'),
    credentials: orNull('STOWAGE_STORAGE_CREDENTIALS'),
    claims: orNull('STOWAGE_CLAIMS') ?? '/mnt/claims',
    listen: {
      host: orNull('STOWAGE_LISTEN_HOST'),
      agent: whole('STOWAGE_AGENT_PORT', agentPorts.agent),
      proxy: whole('STOWAGE_PROXY_PORT', agentPorts.proxy),
    },
    server: {
      host: orNull('STOWAGE_SERVER_HOST') ?? '127.0.0.1',
      http: wholeOrNull('STOWAGE_SERVER_HTTP_PORT'),
      grpc: wholeOrNull('STOWAGE_SERVER_GRPC_PORT'),
      metrics: wholeOrNull('STOWAGE_SERVER_METRICS_PORT'),
      pid: wholeOrNull('STOWAGE_SERVER_PID'),
    },
    repository: orNull('STOWAGE_REPOSITORY'),
    loadTimeoutMs: 1000 * whole('STOWAGE_LOAD_TIMEOUT_SECONDS', 300),
    fetchTimeoutMs: 1000 * whole('STOWAGE_FETCH_TIMEOUT_SECONDS', 3600),
    demandWaitMs: 1000 * whole('STOWAGE_DEMAND_WAIT_SECONDS', 60),
    roomWaitMs: 1000 * whole('STOWAGE_ROOM_WAIT_SECONDS', defaultLimits.roomWaitMs / 1000),
    readyHoldMs: 1000 * whole('STOWAGE_READY_HOLD_SECONDS', defaultLimits.readyHoldMs / 1000),
    probeSeconds: whole('STOWAGE_PROBE_SECONDS', 20),
  };
}

import { diagnostic, StowageError } from '../errors/stowage-error';
import { paths, routerPorts } from '../render/names';
import { type ControlOptions, defaultControlOptions } from './control/options';

/** What meshd is told by its environment; `docs/reference/meshd.md` lists it. */
export interface MeshdSettings {
  readonly fleet: string;
  readonly pod: string;
  readonly source:
    | { readonly kind: 'directory'; readonly directory: string }
    | {
        readonly kind: 'kubernetes';
        readonly namespace: string;
        readonly host: string;
        readonly port: number;
        /** Folder of the account's token and the API server's certificate authority. */
        readonly account: string;
      };
  readonly xdsSocket: string;
  readonly listen: { readonly host: string; readonly port: number };
  /** Of the Envoy beside it, on loopback; null: it has none. */
  readonly envoyAdminPort: number | null;
  /** How long a router that is about to end goes on serving while its clients turn to others. */
  readonly routerDrainMs: number;
  readonly control: ControlOptions;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws StowageError STW6001 with every variable that is wrong */
export function readMeshdSettings(env: Environment): MeshdSettings {
  const wrong: string[] = [];
  const orNull = (name: string): string | null => (env[name] === undefined || env[name] === '' ? null : env[name]);
  const text = (name: string): string => {
    const value = orNull(name);
    if (value === null) wrong.push(`${name} is not set`);
    return value ?? '';
  };
  const whole = (name: string, fallback: number, most = Number.MAX_SAFE_INTEGER): number => {
    const value = orNull(name);
    if (value === null) return fallback;
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (!(number <= most)) wrong.push(`${name} is "${value}": it must be a whole number, at most ${most}`);
    return number;
  };
  const directory = orNull('STOWAGE_DIRECTORY');
  const tenants = orNull('STOWAGE_AUTHENTICATION') ?? 'none';
  if (tenants !== 'none' && tenants !== 'tenants') {
    wrong.push(`STOWAGE_AUTHENTICATION is "${tenants}": it must be none or tenants`);
  }
  const standard = defaultControlOptions;
  const admin = whole('STOWAGE_ENVOY_ADMIN_PORT', directory === null ? 9901 : 0, 65_535);
  const settings: MeshdSettings = {
    fleet: text('STOWAGE_FLEET'),
    pod: orNull('STOWAGE_POD') ?? 'meshd',
    source:
      directory !== null
        ? { kind: 'directory', directory }
        : {
            kind: 'kubernetes',
            namespace: text('STOWAGE_NAMESPACE'),
            host: text('KUBERNETES_SERVICE_HOST'),
            port: whole('KUBERNETES_SERVICE_PORT', 443, 65_535),
            account: orNull('STOWAGE_SERVICE_ACCOUNT') ?? paths.serviceAccount,
          },
    xdsSocket: orNull('STOWAGE_XDS_SOCKET') ?? `${paths.sockets}/xds.sock`,
    listen: {
      host: orNull('STOWAGE_LISTEN_HOST') ?? '::',
      port: whole('STOWAGE_MESHD_PORT', routerPorts.meshd, 65_535),
    },
    envoyAdminPort: admin === 0 ? null : admin,
    routerDrainMs: whole('STOWAGE_ROUTER_DRAIN_MS', 15_000),
    control: {
      open: tenants === 'none',
      timeoutMs: whole('STOWAGE_TIMEOUT_MS', standard.timeoutMs),
      drainMs: whole('STOWAGE_DRAIN_MS', standard.drainMs),
      removalMs: whole('STOWAGE_REMOVAL_MS', standard.removalMs),
      roomPatienceMs: whole('STOWAGE_ROOM_PATIENCE_MS', standard.roomPatienceMs),
      copyPatienceMs: whole('STOWAGE_COPY_PATIENCE_MS', standard.copyPatienceMs),
      memberPatienceMs: whole('STOWAGE_MEMBER_PATIENCE_MS', standard.memberPatienceMs),
      startPatienceMs: whole('STOWAGE_START_PATIENCE_MS', standard.startPatienceMs),
    },
  };
  if (wrong.length > 0) throw new StowageError(wrong.map((message) => diagnostic('STW6001', message)));
  return settings;
}

import { diagnostic, StowageError } from '../../errors/stowage-error';
import { agentPorts } from '../../render/names';
import type { SourcePod } from '../control/events';

/**
 * Reads `pods.json` of a fleet directory: a list of `{pod, shard, address}`, each with `zone`, `token` and
 * `ports: {agent, proxy, http, grpc}` where they differ from what is usual in a cluster.
 * @throws StowageError STW6003
 */
export function parsePodsFile(text: string, file: string): readonly SourcePod[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw broken(file, 'not JSON');
  }
  if (!Array.isArray(value)) throw broken(file, 'not a list');
  const names = new Set<string>();
  return value.map((item: unknown, i) => {
    const { pod, shard, address, zone, token, ports } = (item ?? {}) as Record<string, unknown>;
    const at = `entry ${i + 1}`;
    if (!isText(pod) || !isText(shard) || !isText(address)) throw broken(file, `${at} needs pod, shard and address`);
    if (names.has(pod)) throw broken(file, `${at} is the pod ${pod} again`);
    names.add(pod);
    const { agent, proxy, http, grpc } = (ports ?? {}) as Record<string, unknown>;
    for (const port of [agent, proxy, http, grpc]) {
      if (port !== undefined && port !== null && !isPort(port)) throw broken(file, `${at} has a port that is none`);
    }
    return {
      pod,
      shard,
      address,
      zone: isText(zone) ? zone : null,
      alive: true,
      token: isText(token) ? token : null,
      ports: {
        agent: isPort(agent) ? agent : agentPorts.agent,
        proxy: isPort(proxy) ? proxy : agentPorts.proxy,
        http: isPort(http) ? http : null,
        grpc: isPort(grpc) ? grpc : null,
      },
    };
  });
}

function broken(file: string, problem: string): StowageError {
  return new StowageError([diagnostic('STW6003', `${file}: ${problem}`, { location: { file } })]);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
}

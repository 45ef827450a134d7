import type { RenderedGroup } from '../../src/render/objects';

/** Address of the router's Service inside the cluster. */
export function serviceAddress(groups: readonly RenderedGroup[]): string {
  const objects = groups.find(({ shard }) => shard === null)?.objects ?? [];
  const service = objects.find(({ kind }) => kind === 'Service');
  if (service === undefined) throw new TypeError('unreachable: every fleet has a router Service');
  const { ports } = service.spec as { readonly ports: readonly { readonly name: string; readonly port: number }[] };
  const port = (ports.find((candidate) => candidate.name.startsWith('http')) ?? ports[0])?.port;
  return `http://${service.metadata.name}.${service.metadata.namespace}.svc:${port}`;
}

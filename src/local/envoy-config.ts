import { envoyBootstrap } from '../mesh/xds/bootstrap';

const loopback = '127.0.0.1';

/** Envoy's configuration here: open to this machine alone, no authentication. */
export function envoyConfig(
  ports: { readonly http: number; readonly grpc: number; readonly meshd: number },
  socketPath: string,
): object {
  return envoyBootstrap({
    socketPath,
    nodeId: 'local',
    http: { address: loopback, port: ports.http },
    grpc: { address: loopback, port: ports.grpc },
    adminPort: null,
    meshdPort: ports.meshd,
  });
}

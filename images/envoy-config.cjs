/**
 * Prints the router image's /etc/stowage/envoy.yaml (JSON is YAML) from the compiled sources.
 * Usage: node images/envoy-config.cjs [DIST [AUTHENTICATION]]     AUTHENTICATION: a JSON file, as src/mesh/xds/auth.ts
 *   has it; meshd must then run with STOWAGE_AUTHENTICATION=tenants
 */
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const dist = process.argv[2] ?? join(__dirname, '..', 'dist');
const authentication = process.argv[3] === undefined ? null : JSON.parse(readFileSync(process.argv[3], 'utf8'));
const { envoyBootstrap } = require(join(dist, 'src/mesh/xds/bootstrap.js'));
const { paths, routerPorts } = require(join(dist, 'src/render/names.js'));

const everywhere = (port) => ({ address: '0.0.0.0', port });
const config = envoyBootstrap({
  socketPath: `${paths.sockets}/xds.sock`,
  // `--service-node` sets the pod's name.
  nodeId: 'router',
  http: everywhere(routerPorts.http),
  grpc: everywhere(routerPorts.grpc),
  status: everywhere(routerPorts.status),
  // Where meshd looks for it.
  adminPort: 9901,
  accessLog: 'stdout',
  authentication,
});
process.stdout.write(`${JSON.stringify(config, null, 2)}\n`);

#!/usr/bin/env node
import { randomBytes } from 'node:crypto';
import { StowageError } from '../errors/stowage-error';
import { logToStderr as log } from './log';
import { Meshd } from './meshd';
import { meshdApi } from './meshd-api';
import { type MeshdSettings, readMeshdSettings } from './settings';
import type { ClusterSource } from './source/cluster-source';
import { DirectorySource } from './source/directory-source';
import { serviceAccountAccess } from './source/kubernetes-api';
import { KubernetesSource } from './source/kubernetes-source';
import { createXdsServer } from './xds/server';

/** `meshd`: the control plane of one router, until it is told to stop. */
async function main(): Promise<void> {
  const settings = readMeshdSettings(process.env);
  const { fleet, pod, control } = settings;
  const source = sourceOf(settings);
  const sink = await createXdsServer({
    socketPath: settings.xdsSocket,
    keying: control.open ? 'name' : 'tenant-and-name',
    onEvent: ({ type, ...fields }) => log(type === 'refused' ? 'error' : 'info', `Envoy: ${type}`, fields),
  });
  const router = `${pod}-${randomBytes(6).toString('hex')}`;
  const meshd = new Meshd({ fleet, router, source, sink, control, log });
  const { envoyAdminPort, routerDrainMs, listen } = settings;
  const api = meshdApi({ meshd, envoyAdminPort, routerDrainMs, log });
  await new Promise<void>((resolve, reject) => {
    api.once('error', reject);
    api.listen(listen.port, listen.host, resolve);
  });

  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    log('info', 'meshd ends; Envoy keeps its routes');
    // Whatever hangs is not waited for.
    setTimeout(() => process.exit(1), 5_000).unref();
    api.close();
    api.closeAllConnections();
    meshd
      .stop()
      .then(() => sink.close())
      .then(
        () => process.exit(0),
        () => process.exit(1),
      );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  meshd.start();
  log('info', 'meshd is up', { fleet, router });
}

function sourceOf({ source, fleet }: MeshdSettings): ClusterSource {
  if (source.kind === 'directory') return new DirectorySource(source.directory);
  const { namespace, host, port, account } = source;
  return new KubernetesSource({ fleet, namespace, access: serviceAccountAccess(account, host, port) });
}

main().catch((error: unknown) => {
  const found = StowageError.is(error) ? error.diagnostics : [];
  for (const { code, message, hint } of found) log('error', `${code}: ${message}`, { hint });
  if (found.length === 0) log('error', error instanceof Error ? error.message : String(error));
  process.exit(1);
});

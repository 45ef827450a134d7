/**
 * The restricted Pod Security Standard, from its public text: what a pod specification breaks, one line each. For pods
 * that need no Windows and no user namespaces.
 */
export function podSecurityViolations(spec: unknown): readonly string[] {
  const pod = record(spec);
  const security = record(pod.securityContext);
  const found: string[] = [];
  const forbid = (broken: boolean, what: string) => {
    if (broken) found.push(what);
  };
  // Baseline.
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC']) forbid(pod[field] === true, `${field} is set`);
  forbid(security.sysctls !== undefined, 'sysctls are set');
  // Restricted: kinds of volume.
  const kinds = new Set([
    'configMap',
    'csi',
    'downwardAPI',
    'emptyDir',
    'ephemeral',
    'persistentVolumeClaim',
    'projected',
    'secret',
  ]);
  for (const volume of list(pod.volumes)) {
    const kind = Object.keys(volume).filter((key) => key !== 'name');
    forbid(
      kind.length !== 1 || !kinds.has(kind[0] ?? ''),
      `volume ${volume.name} is of the kind ${kind.join(' and ')}`,
    );
  }
  for (const container of [...list(pod.containers), ...list(pod.initContainers), ...list(pod.ephemeralContainers)]) {
    const name = `container ${container.name}`;
    const own = record(container.securityContext);
    const capabilities = record(own.capabilities);
    const both = (field: string) => own[field] ?? security[field];
    const seccomp = record(both('seccompProfile')).type;
    const appArmor = record(both('appArmorProfile')).type;
    const handlers = [
      ...['livenessProbe', 'readinessProbe', 'startupProbe'].map((probe) => record(container[probe])),
      ...Object.values(record(container.lifecycle)).map(record),
    ];
    forbid(own.privileged === true, `${name} is privileged`);
    forbid(own.allowPrivilegeEscalation !== false, `${name} may escalate privileges`);
    forbid(!strings(capabilities.drop).includes('ALL'), `${name} does not drop all capabilities`);
    forbid(
      strings(capabilities.add).some((capability) => capability !== 'NET_BIND_SERVICE'),
      `${name} adds capabilities`,
    );
    forbid(both('runAsNonRoot') !== true, `${name} may run as root`);
    forbid(own.runAsUser === 0 || security.runAsUser === 0, `${name} runs as root`);
    forbid(seccomp !== 'RuntimeDefault' && seccomp !== 'Localhost', `${name} has no seccomp profile`);
    forbid(appArmor === 'Unconfined', `${name} is not confined by AppArmor`);
    forbid(own.procMount !== undefined && own.procMount !== 'Default', `${name} has another procMount`);
    forbid(both('seLinuxOptions') !== undefined, `${name} sets SELinux options`);
    forbid(
      list(container.ports).some((port) => port.hostPort !== undefined && port.hostPort !== 0),
      `${name} has a port of the host`,
    );
    forbid(
      handlers.some((handler) => ['httpGet', 'tcpSocket'].some((kind) => record(handler[kind]).host !== undefined)),
      `${name} has a probe or hook of another host`,
    );
  }
  return found;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): readonly Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(record) : [];
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

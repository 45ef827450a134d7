/** Pieces that the pods of shards and of the router have in common. */

export type EnvVar =
  | { readonly name: string; readonly value: string }
  | { readonly name: string; readonly valueFrom: unknown };

/** What the restricted Pod Security Standard asks of a pod. */
export function podSecurity(user: number): unknown {
  return {
    fsGroup: user,
    fsGroupChangePolicy: 'OnRootMismatch',
    runAsGroup: user,
    runAsNonRoot: true,
    runAsUser: user,
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

/** ... and of each container, and a root file system that nobody writes. */
export const containerSecurity = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
} as const;

export const imagePullPolicy = 'IfNotPresent';

export function fromField(name: string, fieldPath: string): EnvVar {
  return { name, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } };
}

export function containerPort(name: string, port: number): unknown {
  return { containerPort: port, name, protocol: 'TCP' };
}

export function httpGet(path: string, port: string | number): unknown {
  return { httpGet: { path, port, scheme: 'HTTP' } };
}

export function readOnly(name: string, mountPath: string): unknown {
  return { mountPath, name, readOnly: true };
}

export function emptyDir(name: string, options: Readonly<Record<string, string>> = {}): unknown {
  return { emptyDir: options, name };
}

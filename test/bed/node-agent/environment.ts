import type { Container, Pod } from './objects';

/** What the downward API gives of a pod. @throws Error for a field that is not known here */
export function fieldOf(pod: Pod, address: string, path: string): string {
  const { metadata, spec } = pod;
  const keyed = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path);
  if (keyed !== null) return metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2] ?? ''] ?? '';
  const fields: Readonly<Record<string, string | undefined>> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'spec.nodeName': spec.nodeName,
    'spec.serviceAccountName': spec.serviceAccountName,
    'status.podIP': address,
  };
  const value = fields[path];
  if (value === undefined) throw new Error(`the node agent does not know the field ${path}`);
  return value;
}

/** A container's `env`, each value with the variables before it filled in. */
export function environmentOf(container: Container, pod: Pod, address: string): Record<string, string> {
  const env: Record<string, string> = {};
  for (const { name, value, valueFrom } of container.env ?? []) {
    if (valueFrom === undefined) env[name] = fillIn(value ?? '', env);
    else if (valueFrom.fieldRef !== undefined) env[name] = fieldOf(pod, address, valueFrom.fieldRef.fieldPath);
    else throw new Error(`the node agent does not know where ${name} comes from: ${JSON.stringify(valueFrom)}`);
  }
  return env;
}

/** `$(NAME)` is the variable, `$$(NAME)` is itself, an unknown one stays as it stands. */
export function fillIn(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : (env[name] ?? whole),
  );
}

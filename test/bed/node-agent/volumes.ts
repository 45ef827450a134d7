import { mkdirSync, readdirSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fieldOf } from './environment';
import type { KubeClient } from './kube-client';
import type { ConfigMapSource, Container, Pod, ProjectedSource, Volume } from './objects';

export type ConfigMaps = ReadonlyMap<string, Readonly<Record<string, string>>>;

interface Token {
  readonly text: string;
  readonly renewAt: number;
}

/** A pod's volumes as folders: emptyDir, configMap and projected. */
export class PodVolumes {
  private readonly written = new Map<string, string>();
  private readonly tokens = new Map<string, Token>();
  private revision = 0;

  constructor(
    private readonly pod: Pod,
    private readonly address: string,
    private readonly folder: string,
    private readonly client: KubeClient,
  ) {}

  /** Makes all, or brings all up to date. @throws Error where something that is not optional is missing */
  async sync(maps: ConfigMaps): Promise<void> {
    for (const volume of this.pod.spec.volumes ?? []) {
      const folder = join(this.folder, volume.name);
      mkdirSync(folder, { recursive: true });
      if (volume.emptyDir !== undefined) continue;
      const files = new Map<string, string>();
      for (const source of sourcesOf(volume)) await this.gather(source, maps, files);
      const content = JSON.stringify([...files].sort());
      if (this.written.get(volume.name) === content) continue;
      swapIn(folder, files, `..${process.pid}_${this.revision++}`);
      this.written.set(volume.name, content);
    }
  }

  /** The folder behind a path of the container; the path itself where nothing is mounted. */
  hostPath(container: Container, path: string): string {
    const mounts = (container.volumeMounts ?? []).filter(
      ({ mountPath }) => path === mountPath || path.startsWith(`${mountPath}/`),
    );
    const [mount] = [...mounts].sort((a, b) => b.mountPath.length - a.mountPath.length);
    return mount === undefined ? path : join(this.folder, mount.name, path.slice(mount.mountPath.length));
  }

  private async gather(source: ProjectedSource, maps: ConfigMaps, files: Map<string, string>): Promise<void> {
    const { configMap, serviceAccountToken, downwardAPI } = source;
    if (configMap !== undefined) {
      for (const [file, text] of filesOf(configMap, maps)) files.set(file, text);
    } else if (serviceAccountToken !== undefined) {
      const { path, expirationSeconds = 3600 } = serviceAccountToken;
      files.set(path, await this.token(path, expirationSeconds));
    } else if (downwardAPI !== undefined) {
      for (const { path, fieldRef } of downwardAPI.items)
        files.set(path, fieldOf(this.pod, this.address, fieldRef.fieldPath));
    } else throw new Error(`the node agent does not know this source of a volume: ${JSON.stringify(source)}`);
  }

  /** Bound to the pod, and renewed when four fifths of its time are over. */
  private async token(key: string, expirationSeconds: number): Promise<string> {
    const known = this.tokens.get(key);
    if (known !== undefined && Date.now() < known.renewAt) return known.text;
    const { name, namespace, uid } = this.pod.metadata;
    const account = this.pod.spec.serviceAccountName ?? 'default';
    const spec = { expirationSeconds, boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid } };
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
    const { status } = await this.client.call<{ status: { token: string } }>('POST', path, { body });
    this.tokens.set(key, { text: status.token, renewAt: Date.now() + expirationSeconds * 800 });
    return status.token;
  }
}

function sourcesOf({ name, configMap, projected }: Volume): readonly ProjectedSource[] {
  if (configMap !== undefined) return [{ configMap }];
  if (projected !== undefined) return projected.sources;
  throw new Error(`the node agent does not know this kind of volume: ${name}`);
}

function filesOf({ name, items, optional }: ConfigMapSource, maps: ConfigMaps): readonly [string, string][] {
  const data = maps.get(name);
  if (data === undefined) {
    if (optional === true) return [];
    throw new Error(`the ConfigMap ${name} is not there`);
  }
  if (items === undefined) return Object.entries(data);
  return items.map(({ key, path }) => {
    const text = data[key];
    if (text === undefined && optional !== true) throw new Error(`the ConfigMap ${name} has no ${key}`);
    return [path, text ?? ''];
  });
}

/** As the kubelet does it: all files change at once, by a link that is swapped. */
function swapIn(folder: string, files: ReadonlyMap<string, string>, version: string): void {
  const data = join(folder, '..data');
  const before = linkAt(data);
  for (const [file, text] of files) {
    const path = join(folder, version, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  mkdirSync(join(folder, version), { recursive: true });
  symlinkSync(version, `${data}_tmp`);
  renameSync(`${data}_tmp`, data);
  const names = new Set([...files.keys()].map((file) => file.split('/', 1)[0] ?? file));
  for (const name of names)
    if (linkAt(join(folder, name)) === null) symlinkSync(join('..data', name), join(folder, name));
  for (const name of readdirSync(folder)) if (!name.startsWith('..') && !names.has(name)) rmSync(join(folder, name));
  if (before !== null) rmSync(join(folder, before), { recursive: true, force: true });
}

function linkAt(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

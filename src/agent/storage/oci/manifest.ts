import { createHash } from 'node:crypto';
import { agentError } from '../../reason';
import { json } from '../ask';
import type { OciReference } from './reference';
import type { Registry } from './registry';

export interface Descriptor {
  readonly mediaType?: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: { readonly os?: string; readonly architecture?: string };
}

export interface Manifest {
  readonly mediaType: string;
  readonly digest: string;
  readonly config: Descriptor | null;
  readonly layers: readonly Descriptor[];
}

const single = ['application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v2+json'];
const lists = ['application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json'];

/**
 * The manifest of an artifact; of a list, the one for this machine's kind.
 * @throws StowageError STW6102, STW6103 where it is not what its digest says
 */
export async function readManifest(registry: Registry, place: OciReference): Promise<Manifest> {
  const top = await read(registry, place.reference, place.shown);
  if (top.manifests === undefined) return asManifest(top, place.shown);
  const chosen = forThisMachine(top.manifests);
  if (chosen === null) {
    throw agentError('STW6102', `${place.shown}: none of its manifests is for linux/${architecture()}`);
  }
  return asManifest(await read(registry, chosen.digest, place.shown), place.shown);
}

interface Document {
  readonly mediaType?: string;
  readonly digest: string;
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
  readonly manifests?: readonly Descriptor[];
}

async function read(registry: Registry, reference: string, shown: string): Promise<Document> {
  const answer = await registry.get(registry.url('manifests', reference), [...single, ...lists].join(', '));
  const [algorithm = 'sha256'] = isDigest(reference) ? reference.split(':') : [];
  const digest = `${algorithm}:${createHash(algorithm).update(answer.text).digest('hex')}`;
  if (isDigest(reference) && digest !== reference) {
    throw agentError('STW6103', `${shown}: the digest of the manifest is ${digest}, not ${reference}`);
  }
  const type = answer.response.headers.get('content-type')?.split(';')[0];
  const document = json<Omit<Document, 'digest'>>(answer, shown);
  return { ...document, mediaType: document.mediaType ?? type ?? '', digest };
}

function asManifest({ mediaType = '', digest, config, layers }: Document, shown: string): Manifest {
  const sound = (layer: unknown): boolean => {
    const { digest: name, size } = (layer ?? {}) as Partial<Descriptor>;
    return typeof name === 'string' && isDigest(name) && Number.isSafeInteger(size) && (size ?? -1) >= 0;
  };
  if (!Array.isArray(layers) || !layers.every(sound)) {
    throw agentError('STW6102', `${shown}: the manifest has no layers with digest and size (${mediaType})`);
  }
  return { mediaType, digest, config: config ?? null, layers };
}

function isDigest(text: string): boolean {
  return /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.test(text);
}

/** Of artifacts, which are for every machine, there may be one without a platform. Attestations are of none. */
function forThisMachine(manifests: readonly Descriptor[]): Descriptor | null {
  const real = manifests.filter(
    ({ digest, platform, annotations }) =>
      isDigest(digest) && platform?.os !== 'unknown' && annotations?.['vnd.docker.reference.type'] === undefined,
  );
  const fitting = real.find(({ platform }) => platform?.os === 'linux' && platform.architecture === architecture());
  return (
    fitting ?? real.find(({ platform }) => platform === undefined) ?? (real.length === 1 ? (real[0] ?? null) : null)
  );
}

/** As Go names it. */
function architecture(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch;
}

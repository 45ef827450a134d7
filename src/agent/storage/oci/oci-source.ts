import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { agentError } from '../../reason';
import type { Checksum } from '../checksum';
import { besides, fetchAll, keepOnly, type RemoteFile } from '../fetch-all';
import type { FetchContext, Source } from '../source';
import { unpack } from '../untar';
import { type Descriptor, type Manifest, readManifest } from './manifest';
import { parseReference } from './reference';
import { Registry } from './registry';

/** Where images that hold models have them. */
const modelsFolder = 'models';

/**
 * `oci://registry/repository:tag` or `...@sha256:...`: an artifact whose layers are files, each with its name, or archives;
 * or an image, of which `/models` is taken, or all where it has none. Of the Secret: `.dockerconfigjson`.
 */
export const ociSource: Source = async (uri, folder, context) => {
  const place = parseReference(uri);
  const registry = new Registry(place, context);
  const manifest = await readManifest(registry, place);
  await keepOnly(manifest.digest, folder);
  const layers = manifest.layers.map((layer) => ({ layer, use: useOf(layer, place.shown) }));
  const remote = (layer: Descriptor, path: string): RemoteFile => ({
    path,
    bytes: layer.size,
    url: registry.url('blobs', layer.digest),
    shown: `${place.shown} ${layer.digest}`,
    headers: (extra) => registry.headers(extra),
    expected: checksumOf(layer),
    version: layer.digest,
  });
  const files = layers.flatMap(({ layer, use }) => (use.kind === 'file' ? [remote(layer, use.path)] : []));
  const archives = layers.flatMap(({ layer, use }) => (use.kind === 'archive' ? [layer] : []));
  if (files.length + archives.length === 0) throw agentError('STW6102', `${place.shown}: it has no files`);
  await fetchAll(files, folder, context);
  if (archives.length === 0) return;
  const aside = besides(folder);
  await mkdir(aside, { recursive: true });
  // The same layer may stand in an image twice.
  const distinct = [...new Map(archives.map((layer) => [layer.digest, layer])).values()];
  await fetchAll(
    distinct.map((layer) => remote(layer, fileName(layer))),
    aside,
    context,
  );
  await unpackLayers(manifest, archives, folder, context);
  await rm(aside, { recursive: true, force: true });
};

type Use = { readonly kind: 'file'; readonly path: string } | { readonly kind: 'archive' } | { readonly kind: 'none' };

/** ORAS names files by `title`, and says which are folders; CNCF ModelPack's archives have types that end like tar's. */
function useOf({ mediaType = '', annotations = {} }: Descriptor, shown: string): Use {
  const title = annotations['org.opencontainers.image.title'];
  const tar = /[./+](tar|tar\.gzip|tar\+gzip|tar\.gz)$/.test(mediaType);
  if (annotations['io.deis.oras.content.unpack'] === 'true') return { kind: 'archive' };
  if (title !== undefined) return { kind: 'file', path: title };
  if (tar) return { kind: 'archive' };
  if (mediaType === 'application/vnd.oci.empty.v1+json') return { kind: 'none' };
  const path = annotations['org.cncf.model.filepath'];
  if (path !== undefined && !/zstd$/.test(mediaType)) return { kind: 'file', path };
  const message = `${shown}: a layer of the type "${mediaType}" is neither a file with a title nor a tar archive`;
  throw agentError('STW6101', message);
}

async function unpackLayers(
  { config }: Manifest,
  archives: readonly Descriptor[],
  folder: string,
  { reserve, signal }: FetchContext,
): Promise<void> {
  const image = /image\.(config\.)?v1\+json$/.test(config?.mediaType ?? '');
  let odd: string | null = null;
  for (const layer of archives) {
    signal.throwIfAborted();
    const inImage = {
      whiteouts: true,
      // Of links and devices of the system around the models nothing is needed.
      leaveOut: (name: string): boolean => {
        if (name.startsWith(`${modelsFolder}/`)) return false;
        odd ??= name;
        return true;
      },
    };
    await unpack(join(besides(folder), fileName(layer)), folder, reserve, image ? inImage : {});
  }
  if (!image) return;
  const models = join(folder, modelsFolder);
  if ((await stat(models).catch(() => null))?.isDirectory()) {
    const aside = `${folder}.models`;
    await rm(aside, { recursive: true, force: true });
    await rename(models, aside);
    await rm(folder, { recursive: true, force: true });
    await rename(aside, folder);
  } else if (odd !== null) {
    throw agentError(
      'STW6103',
      `the image has no /${modelsFolder}, and an entry that is neither file nor folder: ${odd}`,
    );
  }
}

function fileName({ digest }: Descriptor): string {
  return digest.replace(':', '-');
}

function checksumOf({ digest }: Descriptor): Checksum {
  const [algorithm, hex = ''] = digest.split(':');
  return { algorithm: algorithm === 'sha512' ? 'sha512' : 'sha256', hex };
}

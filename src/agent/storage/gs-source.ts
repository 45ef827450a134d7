import { agentError } from '../reason';
import { ask, json } from './ask';
import { base64Hex, type Checksum } from './checksum';
import { fetchAll, keepOnly, type RemoteFile } from './fetch-all';
import { type Authorize, googleAuthorization } from './google-token';
import type { Source } from './source';

/** What the JSON API says of an object. */
interface GcsObject {
  readonly name: string;
  readonly generation: string;
  readonly size: string;
  /** Not of objects that were composed of others. */
  readonly md5Hash?: string;
  readonly crc32c?: string;
  readonly contentEncoding?: string;
}

/**
 * `gs://bucket/key`: the object of that key, or else all objects under `key/`, by Google's JSON API. Of the Secret:
 * `gcloud-application-credentials.json`, a service account's key, and STORAGE_EMULATOR_HOST for another server.
 */
export const gsSource: Source = async (uri, folder, context) => {
  const [, bucket, key] = /^gs:\/\/([^/]+)\/*(.*?)\/*$/.exec(uri) ?? [];
  if (bucket === undefined || key === undefined) throw agentError('STW6102', `${uri}: no bucket in it`);
  const origin = originOf((await context.credentials('STORAGE_EMULATOR_HOST')) ?? 'https://storage.googleapis.com');
  const authorize = await googleAuthorization(context, uri);
  const base = `${origin}/storage/v1/b/${encodeURIComponent(bucket)}/o`;
  const listed = await list(base, key, uri, authorize, context.signal);
  const single = listed.filter(({ name }) => name === key && key !== '');
  const inside = key === '' ? '' : `${key}/`;
  const all = single.length > 0 ? single : listed.filter(({ name }) => name.startsWith(inside));
  // Consoles make folders of empty objects.
  const objects = all.filter(({ name }) => !name.endsWith('/'));
  if (objects.length === 0) throw agentError('STW6102', `${uri}: there is no such object, nor any under it`);
  await keepOnly(
    objects.map(({ name, generation }) => [name, generation]),
    folder,
  );
  const files = objects.map((object): RemoteFile => {
    const { name, generation, size } = object;
    // Without asking for gzip, Google unpacks such an object on its way: its checksums are of what is stored.
    const packed = object.contentEncoding?.includes('gzip') ?? false;
    return {
      path: single.length > 0 ? (name.split('/').at(-1) ?? name) : name.slice(inside.length),
      bytes: packed ? null : Number(size),
      url: new URL(`${base}/${encodeURIComponent(name)}?alt=media&generation=${encodeURIComponent(generation)}`),
      shown: `gs://${bucket}/${name}`,
      headers: authorize,
      expected: packed ? null : checksumOf(object),
      version: packed ? null : `generation ${generation}`,
    };
  });
  await fetchAll(files, folder, context);
};

async function list(
  base: string,
  prefix: string,
  uri: string,
  authorize: Authorize,
  signal: AbortSignal,
): Promise<readonly GcsObject[]> {
  const found: GcsObject[] = [];
  let token: string | undefined;
  do {
    const url = new URL(base);
    const fields = 'items(name,generation,size,md5Hash,crc32c,contentEncoding),nextPageToken';
    url.search = String(new URLSearchParams({ prefix, fields, ...(token === undefined ? {} : { pageToken: token }) }));
    const answer = await ask(url, uri, { headers: await authorize({}), signal });
    const page = json<{ items?: readonly GcsObject[]; nextPageToken?: string }>(answer, uri);
    found.push(...(page.items ?? []));
    token = page.nextPageToken;
  } while (token);
  return found;
}

function checksumOf({ md5Hash, crc32c }: GcsObject): Checksum | null {
  if (md5Hash) return { algorithm: 'md5', hex: base64Hex(md5Hash) };
  return crc32c ? { algorithm: 'crc32c', hex: base64Hex(crc32c) } : null;
}

/** As Google's own clients take it: with or without a scheme. */
function originOf(host: string): string {
  return new URL(host.includes('://') ? host : `http://${host}`).origin;
}

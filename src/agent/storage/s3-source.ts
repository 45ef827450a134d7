import { agentError, reasonOf } from '../reason';
import { fetchAll, keepOnly } from './fetch-all';
import type { HttpFile } from './http-file';
import { awsEncode, type S3Keys, signedHeaders } from './s3-sign';
import type { Credentials, Source } from './source';

interface Bucket {
  readonly name: string;
  readonly origin: string;
  /** Path in front of the key: empty where the bucket is in the host's name. */
  readonly base: string;
  /** Null: a public bucket. */
  readonly keys: S3Keys | null;
}

/**
 * `s3://bucket/key`: the object of that key, or else all objects under `key/`. Of the Secret: AWS_ACCESS_KEY_ID,
 * AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION, and AWS_ENDPOINT_URL for other services than Amazon's.
 */
export const s3Source: Source = async (uri, folder, context) => {
  const [, name, key] = /^s3:\/\/([^/]+)\/*(.*?)\/*$/.exec(uri) ?? [];
  if (name === undefined || key === undefined) throw agentError('STW6102', `${uri}: no bucket in it`);
  const bucket = await bucketOf(name, context.credentials);
  const listed = await list(bucket, key, uri, context.signal);
  const single = listed.filter((object) => object.key === key && key !== '');
  const inside = key === '' ? '' : `${key}/`;
  const all = single.length > 0 ? single : listed.filter((object) => object.key.startsWith(inside));
  const files = all.filter((object) => !object.key.endsWith('/'));
  if (files.length === 0) throw agentError('STW6102', `${uri}: there is no such object, nor any under it`);
  await keepOnly(
    files.map(({ key: name, etag }) => [name, etag]),
    folder,
  );
  await fetchAll(
    files.map((object) => ({
      ...fileOf(bucket, object),
      path: single.length > 0 ? (object.key.split('/').at(-1) ?? object.key) : object.key.slice(inside.length),
      bytes: object.bytes,
    })),
    folder,
    context,
  );
};

interface S3Object {
  readonly key: string;
  readonly etag: string | null;
  readonly bytes: number | null;
}

function fileOf(bucket: Bucket, object: S3Object): HttpFile {
  const url = new URL(`${bucket.origin}${bucket.base}/${object.key.split('/').map(awsEncode).join('/')}`);
  const md5 = md5Of(object.etag);
  return {
    url,
    shown: `s3://${bucket.name}/${object.key}`,
    headers: (extra) => signed(url, { 'x-amz-checksum-mode': 'ENABLED', ...extra }, bucket),
    expected: md5 === null ? null : { algorithm: 'md5', hex: md5 },
    version: null,
  };
}

function signed(
  url: URL,
  headers: Readonly<Record<string, string>>,
  { keys }: Bucket,
): Readonly<Record<string, string>> {
  return keys === null ? headers : signedHeaders(url, headers, keys, new Date());
}

async function bucketOf(name: string, credentials: Credentials): Promise<Bucket> {
  const [id, secret, sessionToken, region, endpoint] = await Promise.all(
    ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_REGION', 'AWS_ENDPOINT_URL'].map(
      credentials,
    ),
  );
  const where = region ?? 'us-east-1';
  const keys =
    id && secret
      ? { accessKeyId: id, secretAccessKey: secret, sessionToken: sessionToken ?? null, region: where }
      : null;
  if (endpoint) return { name, origin: new URL(endpoint).origin, base: `/${name}`, keys };
  // A dot in the bucket's name does not fit Amazon's certificate.
  return name.includes('.')
    ? { name, origin: `https://s3.${where}.amazonaws.com`, base: `/${name}`, keys }
    : { name, origin: `https://${name}.s3.${where}.amazonaws.com`, base: '', keys };
}

async function list(bucket: Bucket, prefix: string, uri: string, signal: AbortSignal): Promise<readonly S3Object[]> {
  const found: S3Object[] = [];
  let token: string | null = null;
  do {
    const url = new URL(`${bucket.origin}${bucket.base}/`);
    const query: Record<string, string> = {
      'list-type': '2',
      prefix,
      ...(token === null ? {} : { 'continuation-token': token }),
    };
    url.search = Object.keys(query)
      .sort()
      .map((name) => `${name}=${awsEncode(query[name] ?? '')}`)
      .join('&');
    const text = await listing(url, bucket, uri, signal);
    for (const [, content = ''] of text.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
      const key = tag(content, 'Key');
      const size = Number(tag(content, 'Size') ?? Number.NaN);
      if (key !== null) found.push({ key, etag: tag(content, 'ETag'), bytes: Number.isFinite(size) ? size : null });
    }
    token = tag(text, 'IsTruncated') === 'true' ? tag(text, 'NextContinuationToken') : null;
  } while (token !== null);
  return found;
}

async function listing(url: URL, bucket: Bucket, uri: string, signal: AbortSignal): Promise<string> {
  let response: Response;
  try {
    response = await fetch(url, { headers: signed(url, {}, bucket), signal });
  } catch (error) {
    throw agentError('STW6102', `${uri}: ${reasonOf(error)}`, error);
  }
  const text = await response.text();
  if (response.ok) return text;
  const reason = [tag(text, 'Code'), tag(text, 'Message')].filter((part) => part !== null).join(': ');
  throw agentError('STW6102', `${uri}: HTTP ${response.status} ${reason}`.trimEnd());
}

/** An ETag without "-" is the MD5 of an object that was uploaded in one piece, unless it is encrypted with KMS. */
function md5Of(etag: string | null): string | null {
  return /^"?([0-9a-f]{32})"?$/.exec(etag ?? '')?.[1] ?? null;
}

function tag(xml: string, name: string): string | null {
  const [, text] = new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(xml) ?? [];
  return text === undefined ? null : text.replaceAll(/&(quot|apos|lt|gt|amp|#\d+|#x[0-9a-f]+);/gi, decodeEntity);
}

function decodeEntity(entity: string, name: string): string {
  const known: Readonly<Record<string, string>> = { quot: '"', apos: "'", lt: '<', gt: '>', amp: '&' };
  if (!name.startsWith('#')) return known[name] ?? entity;
  return String.fromCodePoint(name[1] === 'x' ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1)));
}

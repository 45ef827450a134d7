import { agentError } from '../reason';
import { fileSource, pvcSource } from './file-source';
import { httpSource } from './http-source';
import { s3Source } from './s3-source';
import type { Source } from './source';

const sources: Readonly<Record<string, Source>> = {
  file: fileSource,
  http: httpSource,
  https: httpSource,
  pvc: pvcSource,
  s3: s3Source,
};

/** Schemes that a fleet may declare, and what serves instead of them until the agent can read them. */
const instead: Readonly<Record<string, string>> = {
  gs: 'give the bucket an HMAC key and use s3:// with AWS_ENDPOINT_URL of that service',
  hf: 'use the https:// address of its file, with a token named bearer.<host>',
  oci: 'unpack the image into a bucket and use s3://',
};

/** @throws StowageError STW6101 for a scheme that the agent cannot read */
export function sourceOf(uri: string): Source {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(uri)?.[1]?.toLowerCase() ?? '';
  const source = sources[scheme];
  if (source !== undefined) return source;
  const remedy = instead[scheme];
  const more = remedy === undefined ? '' : `: ${remedy}`;
  throw agentError('STW6101', `${uri}: this agent has no client for "${scheme === '' ? uri : scheme}"${more}`);
}

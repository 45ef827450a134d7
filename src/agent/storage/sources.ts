import { agentError } from '../reason';
import { fileSource, pvcSource } from './file-source';
import { gsSource } from './gs-source';
import { hfSource } from './hf-source';
import { httpSource } from './http-source';
import { ociSource } from './oci/oci-source';
import { s3Source } from './s3-source';
import type { Source } from './source';

/** None brings a library along: docs/decisions/0022-storage-clients.md. */
const sources: ReadonlyMap<string, Source> = new Map([
  ['file', fileSource],
  ['gs', gsSource],
  ['hf', hfSource],
  ['http', httpSource],
  ['https', httpSource],
  ['oci', ociSource],
  ['pvc', pvcSource],
  ['s3', s3Source],
]);

/** @throws StowageError STW6101 for a scheme that the agent cannot read */
export function sourceOf(uri: string): Source {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(uri)?.[1]?.toLowerCase() ?? '';
  const source = sources.get(scheme);
  if (source !== undefined) return source;
  const known = [...sources.keys()].join(', ');
  throw agentError(
    'STW6101',
    `${uri}: this agent has no client for "${scheme === '' ? uri : scheme}", only for ${known}`,
  );
}

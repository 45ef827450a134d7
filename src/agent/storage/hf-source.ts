import { agentError } from '../reason';
import { ask, json } from './ask';
import type { Checksum } from './checksum';
import { fetchAll, keepOnly, type RemoteFile } from './fetch-all';
import type { Source } from './source';

interface Sibling {
  readonly rfilename: string;
  readonly size?: number;
  /** As git names the content. */
  readonly blobId?: string;
  /** Of large files, whose blob in git is a pointer only. */
  readonly lfs?: { readonly sha256?: string; readonly oid?: string } | null;
}

/**
 * `hf://owner/name`, with `@revision` (or `:revision`) and `/path` of a file or folder: a repository of models on the
 * Hugging Face Hub, all files of one commit. Of the Secret: HF_TOKEN, and HF_ENDPOINT for another hub.
 */
export const hfSource: Source = async (uri, folder, context) => {
  const place = /^hf:\/\/([\w.-]+\/[\w.-]+)(?:[@:]([^/@:]+))?(?:\/+(.*?))?\/*$/.exec(uri);
  const [, repository, revision = 'main', path = ''] = place ?? [];
  if (repository === undefined) {
    throw agentError('STW6102', `${uri}: it must be hf://owner/name, with @revision and /path where needed`);
  }
  const endpoint = ((await context.credentials('HF_ENDPOINT')) ?? 'https://huggingface.co').replace(/\/+$/, '');
  const token = await context.credentials('HF_TOKEN');
  const headers = async (extra: Readonly<Record<string, string>>) =>
    token === null ? extra : { ...extra, authorization: `Bearer ${token}` };
  // A branch of a pull request has slashes, which are written %2F.
  const wanted = encodeURIComponent(decoded(revision, uri));
  const url = new URL(`${endpoint}/api/models/${repository}/revision/${wanted}?blobs=true`);
  const answer = await ask(url, uri, { headers: await headers({}), signal: context.signal });
  const { sha, siblings = [] } = json<{ sha?: string; siblings?: readonly Sibling[] }>(answer, uri);
  if (sha === undefined || !/^[0-9a-f]{40,64}$/.test(sha))
    throw agentError('STW6102', `${uri}: no commit in the answer`);
  const single = siblings.filter(({ rfilename }) => rfilename === path && path !== '');
  const inside = path === '' ? '' : `${path}/`;
  const all = single.length > 0 ? single : siblings.filter(({ rfilename }) => rfilename.startsWith(inside));
  const chosen = all.filter(({ rfilename }) => !/(^|\/)\.gitattributes$/.test(rfilename));
  if (chosen.length === 0) throw agentError('STW6102', `${uri}: the repository has no such file or folder`);
  await keepOnly([sha, path], folder);
  const files = chosen.map(({ rfilename, size, blobId, lfs }): RemoteFile => {
    const expected = checksumOf(blobId, lfs);
    return {
      path: single.length > 0 ? (rfilename.split('/').at(-1) ?? rfilename) : rfilename.slice(inside.length),
      bytes: size ?? null,
      url: new URL(
        `${endpoint}/${repository}/resolve/${sha}/${rfilename.split('/').map(encodeURIComponent).join('/')}`,
      ),
      shown: `hf://${repository}@${sha.slice(0, 12)}/${rfilename}`,
      headers,
      expected,
      version: expected === null ? null : `${expected.algorithm}:${expected.hex}`,
    };
  });
  await fetchAll(files, folder, context);
};

function checksumOf(blobId: string | undefined, lfs: Sibling['lfs']): Checksum | null {
  if (lfs) {
    const hex = lfs.sha256 ?? lfs.oid;
    return hex === undefined ? null : { algorithm: 'sha256', hex };
  }
  return blobId === undefined ? null : { algorithm: 'git-blob', hex: blobId };
}

function decoded(text: string, uri: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw agentError('STW6102', `${uri}: the revision is not well encoded`);
  }
}

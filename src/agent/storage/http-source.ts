import { join } from 'node:path';
import { agentError } from '../reason';
import type { Checksum } from './checksum';
import { fetchFile } from './http-file';
import type { Source } from './source';

/**
 * `https://host/path/model.onnx`, one file; an archive is unpacked by the store. `#sha256=<hex>` makes sure of what came.
 * A token of the Secret, named `bearer.<host>`, is sent to that host.
 */
export const httpSource: Source = async (uri, folder, context) => {
  const url = new URL(uri);
  const expected = fragmentChecksum(url.hash, uri);
  url.hash = '';
  const token = await context.credentials(`bearer.${url.hostname}`);
  const name = decodeURIComponent(url.pathname.split('/').at(-1) ?? '').replaceAll(/[/\\\0]/g, '_');
  const file = join(folder, name === '' || name === '.' || name === '..' ? 'model' : name);
  const shown = `${url.origin}${url.pathname}`;
  const headers = (extra: Readonly<Record<string, string>>) =>
    token === null ? extra : { ...extra, authorization: `Bearer ${token}` };
  await fetchFile(
    { url, shown, headers, expected, version: expected === null ? null : `sha256:${expected.hex}` },
    file,
    context,
  );
};

function fragmentChecksum(fragment: string, uri: string): Checksum | null {
  if (fragment === '') return null;
  const [, hex] = /^#sha256=([0-9a-f]{64})$/i.exec(fragment) ?? [];
  if (hex === undefined) throw agentError('STW6101', `${uri}: of fragments, only #sha256=<64 hex digits> is known`);
  return { algorithm: 'sha256', hex: hex.toLowerCase() };
}

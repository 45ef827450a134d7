import { agentError } from '../../reason';

export interface OciReference {
  /** As written: what credentials are looked up by. */
  readonly host: string;
  /** `https://host`; plain HTTP on this machine only. */
  readonly origin: string;
  readonly repository: string;
  /** A tag, or a digest. */
  readonly reference: string;
  readonly shown: string;
}

/**
 * `oci://host[:port]/repository[:tag][@digest]`; the tag is `latest` where there is none.
 * @throws StowageError STW6102
 */
export function parseReference(uri: string): OciReference {
  const form =
    /^oci:\/\/([A-Za-z0-9.-]+(?::\d+)?|\[[0-9a-f:]+\](?::\d+)?)\/([a-z0-9][a-z0-9._/-]*?)(?::([\w][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}))?\/*$/;
  const [, host, path, tag = 'latest', digest] = form.exec(uri) ?? [];
  if (host === undefined || path === undefined || !/[.:]|^localhost$/.test(host)) {
    const message = `${uri}: it must be oci://registry/repository, with :tag or @sha256:<64 hex digits>`;
    throw agentError('STW6102', message);
  }
  const dockerHub = /^(index\.)?docker\.io$/.test(host);
  const repository = dockerHub && !path.includes('/') ? `library/${path}` : path;
  return {
    host,
    origin: `${isLoopback(host) ? 'http' : 'https'}://${dockerHub ? 'registry-1.docker.io' : host}`,
    repository,
    reference: digest ?? tag,
    shown: `oci://${host}/${repository}${digest === undefined ? `:${tag}` : `@${digest}`}`,
  };
}

/** Where other clients speak without TLS too. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/.test(host);
}

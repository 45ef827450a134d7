import type { Admission } from '../manager';

/** Lets a request in when its model is loaded. */
export type Admit = (served: string) => Promise<Admission>;

/** What may be asked; all else that a server answers is no client's business. */
const restPaths: readonly RegExp[] = [
  /^\/v2\/models\/([^/]+)(?:\/versions\/[^/]+)?(?:\/(?:infer|generate|generate_stream|ready|stats))?$/,
  /^\/v1\/models\/([^/:]+)(?::predict)?$/,
];

/** The served name in a path, or null. */
export function servedInPath(url: string): string | null {
  const path = url.split('?', 1)[0] ?? '';
  for (const pattern of restPaths) {
    const [, name] = pattern.exec(path) ?? [];
    if (name !== undefined) return decoded(name);
  }
  return null;
}

function decoded(name: string): string | null {
  try {
    return decodeURIComponent(name);
  } catch {
    return null;
  }
}

export function isOpenAi(url: string): boolean {
  return /^\/v1\/(?:chat\/completions|completions|embeddings)(?:\?|$)/.test(url);
}

/** Headers of one connection alone, and those that would open a server's admin methods. */
const dropped: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-stowage-admin',
  'triton-grpc-protocol-x-stowage-admin',
]);

export function passedOn(name: string): boolean {
  return !name.startsWith(':') && !dropped.has(name.toLowerCase());
}

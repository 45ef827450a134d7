import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** What signs tokens, and what they are verified with. */
export interface Key {
  readonly kid: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export const issuer = 'https://issuer.example';

export const newKey = (kid: string): Key => ({ kid, ...generateKeyPairSync('rsa', { modulusLength: 2048 }) });

/** A key set as an issuer publishes it. */
export const jwksOf = (...keys: readonly Key[]): string =>
  JSON.stringify({
    keys: keys.map(({ kid, publicKey }) => ({ ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' })),
  });

/** A part of a token. */
export const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export function token({ kid, privateKey }: Key, claims: object): string {
  const text = `${part({ alg: 'RS256', kid })}.${part({ iss: issuer, exp: 4_000_000_000, ...claims })}`;
  return `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`;
}

export const bearer = (jwt: string) => ({ authorization: `Bearer ${jwt}` });

import { createSign } from 'node:crypto';
import { agentError, reasonOf } from '../reason';
import { ask, json } from './ask';
import type { HttpHeaders } from './http-file';
import type { FetchContext } from './source';

export type Authorize = (extra: HttpHeaders) => Promise<HttpHeaders>;

interface AccountKey {
  readonly type?: string;
  readonly client_email?: string;
  readonly private_key?: string;
  readonly private_key_id?: string;
  readonly token_uri?: string;
}

const secretName = 'gcloud-application-credentials.json';
const scope = 'https://www.googleapis.com/auth/devstorage.read_only';

/**
 * Adds an access token to a request's headers: asked for with a signed statement (RFC 7523), and again before it
 * ends. Without a key in the Secret requests are anonymous.
 * @throws StowageError STW6102 for credentials of another kind
 */
export async function googleAuthorization({ credentials, signal }: FetchContext, uri: string): Promise<Authorize> {
  const text = await credentials(secretName);
  if (text === null) return async (extra) => extra;
  const key = accountKey(text, uri);
  let token: { readonly value: string; readonly until: number } | null = null;
  return async (extra) => {
    if (token === null || Date.now() > token.until) token = await askForToken(key, uri, signal);
    return { ...extra, authorization: `Bearer ${token.value}` };
  };
}

type CompleteKey = Required<Pick<AccountKey, 'client_email' | 'private_key' | 'token_uri'>> & AccountKey;

function accountKey(text: string, uri: string): CompleteKey {
  let key: AccountKey = {};
  try {
    key = JSON.parse(text) as AccountKey;
  } catch {
    throw agentError('STW6102', `${uri}: ${secretName} of the Secret is not JSON`);
  }
  const { type, client_email, private_key, token_uri = 'https://oauth2.googleapis.com/token' } = key;
  if (type === 'service_account' && client_email && private_key) {
    return { ...key, client_email, private_key, token_uri };
  }
  const kind = type === 'service_account' ? 'incomplete' : `of the type "${type ?? ''}"`;
  throw agentError('STW6102', `${uri}: ${secretName} of the Secret is ${kind}: it must be a service account's key`);
}

async function askForToken(key: CompleteKey, uri: string, signal: AbortSignal) {
  const now = Math.floor(Date.now() / 1000);
  const statement = signed({ iss: key.client_email, scope, aud: key.token_uri, iat: now, exp: now + 3600 }, key, uri);
  const shown = `${uri}: no access token`;
  const post = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: statement });
  const answer = await ask(new URL(key.token_uri), shown, { post, signal });
  const { access_token: value, expires_in: seconds = 0 } = json<{ access_token?: string; expires_in?: number }>(
    answer,
    shown,
  );
  if (!value) throw agentError('STW6102', `${shown} in the answer`);
  return { value, until: Date.now() + Math.max(0, seconds - 60) * 1000 };
}

function signed(claims: object, key: CompleteKey, uri: string): string {
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const head = { alg: 'RS256', typ: 'JWT', ...(key.private_key_id ? { kid: key.private_key_id } : {}) };
  const text = `${encoded(head)}.${encoded(claims)}`;
  try {
    return `${text}.${createSign('RSA-SHA256').update(text).sign(key.private_key, 'base64url')}`;
  } catch (error) {
    throw agentError('STW6102', `${uri}: the private_key of ${secretName} cannot sign: ${reasonOf(error)}`, error);
  }
}

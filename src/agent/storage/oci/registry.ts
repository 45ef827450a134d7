import { agentError } from '../../reason';
import { type Answer, ask, json } from '../ask';
import type { HttpHeaders } from '../http-file';
import type { FetchContext } from '../source';
import { loginFor, type RegistryLogin } from './docker-config';
import { isLoopback, type OciReference } from './reference';

interface Authorization {
  readonly header: string;
  readonly until: number;
}

/** One repository of a registry, as the OCI distribution specification has it. */
export class Registry {
  private authorization: Authorization | null = null;
  /** What the registry asked for when it first refused. */
  private challenge: string | null = null;

  constructor(
    private readonly place: OciReference,
    private readonly context: FetchContext,
  ) {}

  url(kind: 'manifests' | 'blobs', reference: string): URL {
    return new URL(`${this.place.origin}/v2/${this.place.repository}/${kind}/${reference}`);
  }

  /** @throws StowageError STW6102 */
  async get(url: URL, accept: string): Promise<Answer> {
    const { signal } = this.context;
    const { shown } = this.place;
    const first = await ask(url, shown, { headers: await this.headers({ accept }), signal }, [401]);
    if (first.response.status !== 401) return first;
    this.challenge = first.response.headers.get('www-authenticate') ?? '';
    this.authorization = null;
    return ask(url, shown, { headers: await this.headers({ accept }), signal });
  }

  /** With what the registry wants to see, once it has said what that is. */
  async headers(extra: HttpHeaders): Promise<HttpHeaders> {
    if (this.challenge === null) return extra;
    if (this.authorization === null || Date.now() > this.authorization.until) {
      this.authorization = await this.authorize(this.challenge);
    }
    return { ...extra, authorization: this.authorization.header };
  }

  private async authorize(challenge: string): Promise<Authorization> {
    const { host, shown } = this.place;
    const login = await loginFor(host, this.context.credentials);
    if (/^basic\b/i.test(challenge)) {
      if (login === null) throw agentError('STW6102', `${shown}: the registry wants a login, and the Secret has none`);
      return { header: basic(login), until: Number.POSITIVE_INFINITY };
    }
    if (!/^bearer\b/i.test(challenge)) {
      throw agentError('STW6102', `${shown}: the registry wants an unknown kind of login: "${challenge}"`);
    }
    return this.token(challenge, login);
  }

  private async token(challenge: string, login: RegistryLogin | null): Promise<Authorization> {
    const { repository, shown } = this.place;
    const told = Object.fromEntries(
      [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
    );
    const { realm = '', service, scope = `repository:${repository}:pull` } = told;
    const url = realmOf(realm, this.place);
    const asked = { scope, ...(service === undefined ? {} : { service }) };
    const what = `${shown}: no token from ${url.origin}`;
    const { signal } = this.context;
    const refresh = login?.identity ?? null;
    let answer: Answer;
    if (refresh === null) {
      for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
      answer = await ask(url, what, { headers: login === null ? {} : { authorization: basic(login) }, signal });
    } else {
      const form = { grant_type: 'refresh_token', client_id: 'stowage', refresh_token: refresh };
      answer = await ask(url, what, { post: new URLSearchParams({ ...form, ...asked }), signal });
    }
    const {
      token,
      access_token: other,
      expires_in: seconds = 60,
    } = json<{
      token?: string;
      access_token?: string;
      expires_in?: number;
    }>(answer, what);
    const value = token || other;
    if (!value) throw agentError('STW6102', `${what}: none in the answer`);
    return { header: `Bearer ${value}`, until: Date.now() + Math.max(0, seconds - 10) * 1000 };
  }
}

function basic({ user, password }: RegistryLogin): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** The registry names who gives tokens, and the password goes there: never without TLS to another machine. */
function realmOf(realm: string, { origin, shown }: OciReference): URL {
  try {
    const url = new URL(realm);
    if (url.protocol === 'https:' || (origin.startsWith('http:') && isLoopback(url.host))) return url;
  } catch {
    // Told below.
  }
  throw agentError('STW6102', `${shown}: the registry sends to "${realm}" for a token, which is no https:// address`);
}

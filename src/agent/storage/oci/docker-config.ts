import { agentError } from '../../reason';
import type { Credentials } from '../source';

export interface RegistryLogin {
  readonly user: string;
  readonly password: string;
  /** A refresh token, instead of both. */
  readonly identity: string | null;
}

interface DockerConfig {
  readonly auths?: Readonly<Record<string, Readonly<Record<string, string | undefined>> | undefined>>;
}

const files = ['.dockerconfigjson', 'config.json'];

/**
 * The login for a registry, from the file that `kubectl create secret docker-registry` and `docker login` write.
 * @throws StowageError STW6102
 */
export async function loginFor(host: string, credentials: Credentials): Promise<RegistryLogin | null> {
  for (const file of files) {
    const text = await credentials(file);
    if (text === null) continue;
    const login = loginIn(text, host, file);
    if (login !== null) return login;
  }
  return null;
}

function loginIn(text: string, host: string, file: string): RegistryLogin | null {
  let config: DockerConfig;
  try {
    config = JSON.parse(text) as DockerConfig;
  } catch {
    throw agentError('STW6102', `${file} of the Secret is not JSON`);
  }
  const wanted = /^(index\.)?docker\.io$/.test(host)
    ? ['docker.io', 'index.docker.io', 'registry-1.docker.io']
    : [host];
  const found = Object.entries(config.auths ?? {}).find(([key]) => wanted.includes(hostOf(key)))?.[1];
  if (found === undefined) return null;
  const { auth = '', identitytoken: identity } = found;
  const [, user = '', password = ''] = /^([^:]*):(.*)$/s.exec(Buffer.from(auth, 'base64').toString('utf8')) ?? [];
  return { user: found.username ?? user, password: found.password ?? password, identity: identity || null };
}

/** Keys are hosts, or URLs of the registry's first version. */
function hostOf(key: string): string {
  return key.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
}

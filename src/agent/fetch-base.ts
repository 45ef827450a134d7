import { rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './log';
import { agentError, reasonOf } from './reason';
import { credentialsFrom } from './storage/credentials';
import { Store } from './storage/store';

type Environment = Readonly<Record<string, string | undefined>>;

const tries = 5;

/**
 * Brings the pod's base model (STOWAGE_BASE_URI) to where the server expects it (STOWAGE_BASE_MODEL); nothing to do where
 * it is there already.
 * @throws StowageError STW6106, or the last of several tries' STW6101 to STW6104
 */
export async function fetchBase(env: Environment, log: Log): Promise<void> {
  const { STOWAGE_BASE_MODEL: target, STOWAGE_BASE_URI: uri } = env;
  if (!target || !uri) throw agentError('STW6106', 'fetch-base needs STOWAGE_BASE_MODEL and STOWAGE_BASE_URI');
  if (await stat(target).catch(() => null)) return;
  const store = new Store({
    root: join(dirname(target), '.fetch'),
    credentials: credentialsFrom(env.STOWAGE_STORAGE_CREDENTIALS || null),
    claims: env.STOWAGE_CLAIMS || '/mnt/claims',
    capacityBytes: () => Number.MAX_SAFE_INTEGER,
  });
  await store.open();
  const base = { served: 'base', storageUri: uri, format: 'base' };
  for (let attempt = 1; ; attempt += 1) {
    try {
      log('info', 'fetched the base model', { bytes: await store.fetch(base, AbortSignal.timeout(3_600_000)) });
      break;
    } catch (error) {
      if (attempt === tries) throw error;
      log('warn', 'the base model was not fetched', { reason: reasonOf(error), attempt });
      await sleep(1000 * 2 ** attempt);
    }
  }
  await rename(store.folderOf(base), target);
  await rm(join(dirname(target), '.fetch'), { recursive: true, force: true });
}

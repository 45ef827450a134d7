import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type ApiObject, type KubernetesApi } from './kubernetes-api';

export interface ReflectorOptions<T extends ApiObject> {
  /** Of the collection, without a query. */
  readonly path: string;
  readonly labelSelector: string;
  readonly watchSeconds: number;
  /** A watch that is silent for longer is opened anew; bookmarks come about every minute. */
  readonly idleMs: number;
  readonly firstRetryMs: number;
  readonly lastRetryMs: number;
  /** All there is, as of the revision. */
  onList(items: readonly T[], revision: number): void;
  onChange(type: 'set' | 'deleted', item: T, revision: number): void;
  onProblem(problem: string | null): void;
}

const pageSize = 250;

/**
 * Follows one collection of the API server: lists it, then watches from there. A watch that ends goes on from the last
 * revision heard; one that the server no longer remembers (410) starts over with a list.
 */
export class Reflector<T extends ApiObject> {
  private readonly abort = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private revision: string | null = null;
  private failures = 0;

  constructor(
    private readonly api: KubernetesApi,
    private readonly options: ReflectorOptions<T>,
  ) {}

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.abort.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.abort;
    while (!signal.aborted) {
      try {
        if (this.revision === null) await this.list(signal);
        await this.watch(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.failures++;
        if (error instanceof ApiError && error.status === 410) this.revision = null;
        else this.options.onProblem(error instanceof Error ? error.message : String(error));
      }
      const { firstRetryMs, lastRetryMs } = this.options;
      const pause = Math.min(lastRetryMs, firstRetryMs * 2 ** Math.max(0, this.failures - 1));
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  private async list(signal: AbortSignal): Promise<void> {
    const items: T[] = [];
    let next = '';
    let revision = '';
    do {
      const query = new URLSearchParams({ labelSelector: this.options.labelSelector, limit: String(pageSize) });
      if (next !== '') query.set('continue', next);
      const page = await this.api.get<ListPage<T>>(`${this.options.path}?${query}`, this.options.idleMs, signal);
      items.push(...page.items);
      revision = page.metadata.resourceVersion;
      next = page.metadata.continue ?? '';
    } while (next !== '');
    if (signal.aborted) return;
    this.options.onList(items, revisionOf(revision));
    this.revision = revision;
    this.worked();
  }

  private async watch(signal: AbortSignal): Promise<void> {
    const { path, labelSelector, watchSeconds, idleMs } = this.options;
    const query = new URLSearchParams({
      labelSelector,
      watch: '1',
      allowWatchBookmarks: 'true',
      resourceVersion: this.revision ?? '',
      timeoutSeconds: String(watchSeconds),
    });
    for await (const line of this.api.lines(`${path}?${query}`, idleMs, signal)) {
      if (signal.aborted) return;
      // It is open: silence means that nothing changes.
      this.worked();
      if (line === '') continue;
      const { type, object } = JSON.parse(line) as WatchEvent<T>;
      if (type === 'ERROR') {
        const { code, message } = object as unknown as { code?: number; message?: string };
        throw new ApiError(code ?? 0, message ?? 'the watch failed');
      }
      const { resourceVersion } = object.metadata;
      if (type !== 'BOOKMARK') {
        this.options.onChange(type === 'DELETED' ? 'deleted' : 'set', object, revisionOf(resourceVersion));
      }
      this.revision = resourceVersion;
    }
  }

  private worked(): void {
    this.failures = 0;
    this.options.onProblem(null);
  }
}

interface ListPage<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly T[];
}

interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

/** Kubernetes 1.35 promises that revisions of one kind are ordered whole numbers; etcd's always were. */
function revisionOf(text: string): number {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : 0;
}

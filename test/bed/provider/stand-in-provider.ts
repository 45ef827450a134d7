import type { provider } from '@pulumi/pulumi';
import { ApiError, type ApiServer, type ObjectRef } from './api-server';
import { equal, hasUnknown, isObject, type Json, type JsonObject, plain, project } from './values';

/** Outputs are the live object; the inputs that made it stand beside it, for the next diff. */
const inputsKey = '__inputs';
const readyWithinMs = 120_000;
const goneWithinMs = 120_000;

/**
 * Does to an API server what Pulumi's Kubernetes provider does, for the objects that Stowage renders: validates by
 * dry run, applies on the server's side, waits for Deployments, replaces what is immutable, deletes in the foreground.
 * It has no autonaming, Helm, YAML or CRD parts, and takes its cluster from KUBECONFIG alone.
 */
export class StandInProvider implements provider.Provider {
  readonly version = '4.34.2';

  constructor(private readonly api: ApiServer) {}

  async check(_urn: string, _olds: Json, news: Json): Promise<provider.CheckResult> {
    const inputs = plain(news) as JsonObject;
    if (hasUnknown(inputs)) return { inputs };
    const failures: provider.CheckFailure[] = [];
    try {
      await this.dryRun(inputs);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (!mayComeRight(error)) failures.push({ property: '', reason: error.message });
    }
    return { inputs, failures };
  }

  async diff(_id: string, _urn: string, olds: Json, news: Json): Promise<provider.DiffResult> {
    const before = (plain(olds) as JsonObject)[inputsKey] as JsonObject;
    const after = plain(news) as JsonObject;
    if (equal(before, after)) return { changes: false };
    if (hasUnknown(after)) return { changes: true };
    if (!equal(identity(before), identity(after))) {
      return { changes: true, replaces: ['metadata'], deleteBeforeReplace: false };
    }
    try {
      await this.dryRun(after);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (isImmutable(error)) return { changes: true, replaces: ['spec'], deleteBeforeReplace: true };
    }
    return { changes: true };
  }

  async create(_urn: string, inputs: Json): Promise<provider.CreateResult> {
    const outs = await this.write(plain(inputs) as JsonObject);
    const { namespace, name } = refOf(outs);
    return { id: namespace === null ? name : `${namespace}/${name}`, outs };
  }

  async update(_id: string, _urn: string, _olds: Json, news: Json): Promise<provider.UpdateResult> {
    return { outs: await this.write(plain(news) as JsonObject) };
  }

  async read(id: string, _urn: string, props: Json): Promise<provider.ReadResult> {
    const state = plain(props) as JsonObject;
    const inputs = (isObject(state[inputsKey]) ? state[inputsKey] : state) as JsonObject;
    const live = await this.find(await this.api.path(refOf(state)));
    if (live === null) return { id: '', props: {}, inputs: {} };
    const seen = project(live, inputs);
    return { id, props: { ...live, [inputsKey]: seen }, inputs: seen };
  }

  async delete(_id: string, _urn: string, props: Json): Promise<void> {
    const path = await this.api.path(refOf(plain(props) as JsonObject));
    try {
      await this.api.delete(path);
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return;
      throw error;
    }
    await until(goneWithinMs, `${path} is still there`, async () => ((await this.find(path)) === null ? true : null));
  }

  private async dryRun(inputs: JsonObject): Promise<void> {
    await this.api.apply(await this.api.path(refOf(inputs)), inputs, { dryRun: true });
  }

  /** Applies, and waits until a Deployment has its pods, as Pulumi's provider does. */
  private async write(inputs: JsonObject): Promise<JsonObject> {
    const path = await this.api.path(refOf(inputs));
    const applied = await this.api.apply(path, inputs, { dryRun: false });
    if (applied.kind !== 'Deployment') return { ...applied, [inputsKey]: inputs };
    const ready = await until(readyWithinMs, `${path} did not become available`, async () => {
      const live = await this.api.get(path);
      return isRolledOut(live) ? live : null;
    });
    return { ...ready, [inputsKey]: inputs };
  }

  private async find(path: string): Promise<JsonObject | null> {
    try {
      return await this.api.get(path);
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return null;
      throw error;
    }
  }
}

/** What a dry run may say before the object's namespace is made, or where the object will be replaced. */
const mayComeRight = (error: ApiError): boolean =>
  (error.code === 404 && /^namespaces /.test(error.message)) || isImmutable(error);

const isImmutable = (error: ApiError): boolean =>
  error.code === 422 && [error.message, ...error.causes].some((text) => /immutable|may not be changed/i.test(text));

function refOf(object: JsonObject): ObjectRef {
  const metadata = (object.metadata ?? {}) as JsonObject;
  const { name, namespace } = metadata;
  if (typeof name !== 'string') throw new Error('the stand-in provider needs metadata.name: it makes up no names');
  return {
    apiVersion: String(object.apiVersion),
    kind: String(object.kind),
    name,
    namespace: typeof namespace === 'string' ? namespace : null,
  };
}

const identity = (inputs: JsonObject): Json => ({ ...refOf(inputs) });

function isRolledOut(deployment: JsonObject): boolean {
  const wanted = Number((deployment.spec as JsonObject).replicas ?? 1);
  const status = (deployment.status ?? {}) as JsonObject;
  const generation = Number((deployment.metadata as JsonObject).generation);
  return (
    Number(status.observedGeneration ?? 0) >= generation &&
    Number(status.updatedReplicas ?? 0) === wanted &&
    Number(status.availableReplicas ?? 0) >= wanted &&
    Number(status.replicas ?? 0) === wanted
  );
}

async function until<T>(withinMs: number, complaint: string, probe: () => Promise<T | null>): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const found = await probe();
    if (found !== null) return found;
    if (Date.now() > deadline) throw new Error(`${complaint} after ${withinMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

import type { Model, OnDemandOptions, ServingRuntime } from '../declare/fleet';

/** A model that states no requests counts as asked for once an hour: with nothing known of any of them, nothing is saved. */
const assumedPerSecond = 1 / 3600;

export function isOnDemand(model: Model): boolean {
  return model.residency === 'on-demand';
}

/** Requests a second of the whole model. */
export function requestRate(model: Model): number {
  const { requestsPerSecondMicro } = model.load;
  return requestsPerSecondMicro === 0 ? assumedPerSecond : requestsPerSecondMicro / 1e6;
}

/** Of one copy, as declared: as if the router spread them. It sends a model to one pod, so that this errs on the safe side. */
export function copyRate(model: Model): number {
  return requestRate(model) / model.replicas;
}

/** From the request that finds the model missing until it is served: its files are fetched, then the server loads it. */
export function loadSeconds(model: Model, runtime: ServingRuntime, options: OnDemandOptions): number {
  return runtime.loadMillis / 1000 + model.footprint.diskBytes / options.loadBytesPerSecond;
}

/** Accelerator-microseconds a second that loading it takes, over all copies, if it stays for `seconds` after a request. */
export function loadingMicroDuty(
  model: Model,
  runtime: ServingRuntime,
  seconds: number,
  options: OnDemandOptions,
): number {
  const coldStarts = requestRate(model) * Math.exp(-copyRate(model) * seconds);
  // Whole numbers a model, so that sums do not depend on who is added first.
  return Math.ceil(coldStarts * loadSeconds(model, runtime, options) * 1e6);
}

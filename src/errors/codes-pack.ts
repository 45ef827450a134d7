import type { ErrorDefinition } from './registry';

export const packErrors = {
  STW2001: {
    title: 'Load larger than a shard',
    cause: 'Even 64 replicas of an otherwise empty shard cannot carry the load of the model.',
    remedy: 'Declare a lower load, a faster pool, or split the model into several.',
  },
  STW2101: {
    title: 'Plan does not match the fleet',
    cause: 'A plan names other models, pools or runtimes than the fleet declares, or repeats them.',
    remedy: 'Make the plan again from this fleet.',
  },
  STW2102: {
    title: 'Plan breaks a sharing rule',
    cause:
      'A shard mixes runtimes, base models, isolation groups, zones or models that must not meet, or uses a pool that a model does not allow.',
    remedy: 'Make the plan again; if Stowage made it, report a bug.',
  },
  STW2103: {
    title: 'Plan exceeds a capacity',
    cause: 'The models of a shard need more than its pod has.',
    remedy: 'Make the plan again; if Stowage made it, report a bug.',
  },
  STW2104: {
    title: 'Plan states wrong figures',
    cause: 'A figure in the plan is not what the declaration gives.',
    remedy: 'Make the plan again; if Stowage made it, report a bug.',
  },
  STW2105: {
    title: 'Bound is not proven',
    cause: "The plan's lower bound is not one that the declaration proves.",
    remedy: 'Make the plan again; if Stowage made it, report a bug.',
  },
  STW2106: {
    title: 'Not a plan',
    cause: 'The value is not a plan of a version that this release reads: fields are missing or of the wrong type.',
    remedy: 'Check what `stowage plan --format json` printed; make the plan again.',
  },
  STW2120: {
    title: 'Transition is not sound',
    cause:
      'A wave overfills a pod, lets models meet that must not, or takes a model away that is not loaded elsewhere; or the waves do not end at the plan.',
    remedy: 'Make the plan again; if Stowage made the transition, report a bug.',
  },
  STW2121: {
    title: 'Not a transition',
    cause:
      'The value is not a transition between this lockfile and this plan: fields are missing or of the wrong type.',
    remedy: 'Check what `stowage repack --format json` printed; make it again.',
  },
} as const satisfies Record<string, ErrorDefinition>;

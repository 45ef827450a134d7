import type { ErrorDefinition } from './registry';

export const renderErrors = {
  STW4001: {
    title: 'Plan is of another fleet',
    cause: 'The plan to render names a fleet, pool, runtime, base model or model that the declaration does not have.',
    remedy: 'Make the plan again from this fleet.',
  },
  STW4002: {
    title: 'Refused by Kubernetes',
    cause: 'A declared value would become a field that the API server or the kubelet refuses.',
    remedy: 'Correct the value.',
  },
  STW4003: {
    title: 'Taken by Stowage',
    cause: "A runtime uses a port, path or environment variable that the shard's pods need themselves.",
    remedy: 'Choose another one.',
  },
  STW4004: {
    title: 'Model table too large',
    cause: 'The models of one shard, or one model alone, need more room than the ConfigMaps of a shard have.',
    remedy: 'Set budgets.modelsPerShard lower, or shorten the labels of the models.',
  },
  STW4005: {
    title: 'Broken model table',
    cause: 'The text of a model table is not what Stowage writes.',
    remedy: 'Apply the output of `stowage synth` again.',
  },
  STW4006: {
    title: 'Model table from a newer version',
    cause: 'The model table was written by a version of Stowage whose format this one does not know.',
    remedy: 'Update the router and agent images to the version that wrote it.',
  },
  STW4007: {
    title: 'Broken route table',
    cause: 'The text of the route table, which holds the aliases, is not what Stowage writes.',
    remedy: 'Apply the output of `stowage synth` again.',
  },
  STW4008: {
    title: 'Route table from a newer version',
    cause: 'The route table was written by a version of Stowage whose format this one does not know.',
    remedy: 'Update the router image to the version that wrote it.',
  },
  STW4009: {
    title: 'Route table too large',
    cause: 'The aliases need more room than the ConfigMaps of the route table have.',
    remedy: 'Declare fewer aliases, or give them fewer targets.',
  },
} as const satisfies Record<string, ErrorDefinition>;

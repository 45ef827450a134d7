import type { ErrorDefinition } from './registry';

export const meshErrors = {
  STW6001: {
    title: 'Mesh settings not usable',
    cause: 'An environment variable that meshd is started with is missing or malformed.',
    remedy: 'Set it as `stowage synth` and `stowage local` do.',
  },
  STW6002: {
    title: 'Kubernetes API not usable',
    cause:
      'meshd cannot list the ConfigMaps and pods of its namespace; it tries again, and keeps its routes meanwhile.',
    remedy: "Check that the router's ServiceAccount, Role and RoleBinding are applied and the API server is reachable.",
  },
  STW6003: {
    title: 'Broken fleet directory',
    cause: 'A file of the directory that meshd reads shards and pods from is missing or malformed.',
    remedy: 'Start `stowage local` again, which writes the directory.',
  },
  STW6004: {
    title: 'Agent and router do not understand each other',
    cause: 'A message between meshd and an agent is not of the protocol that this version speaks.',
    remedy: 'Use router and agent images of the same release.',
  },
} as const satisfies Record<string, ErrorDefinition>;

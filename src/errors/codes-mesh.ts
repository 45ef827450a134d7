import type { ErrorDefinition } from './registry';

export const meshErrors = {
  STW6004: {
    title: 'Agent and router do not understand each other',
    cause: 'A message between meshd and an agent is not of the protocol that this version speaks.',
    remedy: 'Use router and agent images of the same release.',
  },
} as const satisfies Record<string, ErrorDefinition>;

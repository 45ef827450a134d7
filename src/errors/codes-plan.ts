import type { ErrorDefinition } from './registry';

export const planErrors = {} as const satisfies Record<string, ErrorDefinition>;

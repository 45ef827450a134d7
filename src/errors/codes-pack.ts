import type { ErrorDefinition } from './registry';

export const packErrors = {} as const satisfies Record<string, ErrorDefinition>;

import type { ErrorDefinition } from './registry';

export const cliErrors = {} as const satisfies Record<string, ErrorDefinition>;

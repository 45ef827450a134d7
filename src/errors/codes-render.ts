import type { ErrorDefinition } from './registry';

export const renderErrors = {} as const satisfies Record<string, ErrorDefinition>;

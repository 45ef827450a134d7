import { agentErrors } from './codes-agent';
import { cliErrors } from './codes-cli';
import { declareErrors } from './codes-declare';
import { localErrors } from './codes-local';
import { meshErrors } from './codes-mesh';
import { packErrors } from './codes-pack';
import { planErrors } from './codes-plan';
import { projectErrors } from './codes-project';
import { renderErrors } from './codes-render';

/** What a code means. The reference page `docs/reference/errors.md` is generated from these. */
export interface ErrorDefinition {
  readonly title: string;
  readonly cause: string;
  readonly remedy: string;
}

/** Every code that Stowage reports: 1xxx declaring, 2xxx packing, 3xxx planning and lockfile, 4xxx rendering, 5xxx CLI and project, 6xxx mesh. */
export const errorRegistry = {
  ...declareErrors,
  ...packErrors,
  ...planErrors,
  ...renderErrors,
  ...projectErrors,
  ...cliErrors,
  ...agentErrors,
  ...meshErrors,
  ...localErrors,
} as const;

export type ErrorCode = keyof typeof errorRegistry;

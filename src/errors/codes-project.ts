import type { ErrorDefinition } from './registry';

export const projectErrors = {
  STW5101: {
    title: 'Lockfile not readable',
    cause: 'The lockfile is there but cannot be read, or is not UTF-8 text.',
    remedy: 'Check its permissions, or restore it from version control.',
  },
  STW5102: {
    title: 'Lockfile not written',
    cause: 'The lockfile cannot be written; the old one is untouched.',
    remedy: 'Check the permissions and the free space of its directory.',
  },
  STW5103: {
    title: 'Lockfile not current',
    cause: 'The plan differs from the lockfile, and frozen mode (the default in CI) changes none.',
    remedy: 'Run `stowage lock` and commit the lockfile.',
  },
  STW5104: {
    title: 'No such model to update',
    cause: 'A model named to be updated is not declared.',
    remedy: 'Give its key: tenant/name@version.',
  },
  STW5105: {
    title: 'Hard budget broken',
    cause: 'The plan needs more than a hard budget allows, so Pulumi and cdk8s apply none of it.',
    remedy: 'Raise the budget, make it `enforcement: warn`, add cheaper or larger pools, or declare fewer models.',
  },
  STW5107: {
    title: 'No lockfile to repack',
    cause: 'Moves are counted from what the lockfile has, and there is none.',
    remedy: 'Write it with `stowage lock` first.',
  },
} as const satisfies Record<string, ErrorDefinition>;

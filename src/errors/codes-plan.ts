import type { ErrorDefinition } from './registry';

export const planErrors = {
  STW3001: {
    title: 'Budget exceeded (warning)',
    cause: 'The plan uses more of a budget than its limit; the budget says `warn`.',
    remedy: 'Raise the budget, make it `hard` to fail on it, or declare less.',
  },
  STW3002: {
    title: 'Sizes are estimated',
    cause: 'Models declare no memory, so that the plan rests on a default with a margin.',
    remedy: 'Declare `memory` (and `gpuMemory`), or measure them.',
  },
  STW3003: {
    title: 'Models have to move',
    cause: 'Locked models no longer fit, or no longer may be, where the lockfile has them.',
    remedy: 'Check the moves in `stowage diff`; undo the change of size, replicas or pools if they are not wanted.',
  },
  STW3004: {
    title: 'No room for a rollout',
    cause:
      'The new pod of a one-pod shard is ready before the old one goes, and neither the nodes nor the hard limits leave a pod to spare.',
    remedy:
      'Raise the limit that the message names, by one pod or one node; more room makes rollouts faster. Until then changes of runtimes wait, and nothing is taken down.',
  },
  STW3010: {
    title: 'Budgets that no plan keeps',
    cause: 'A proven bound on what the models take is above what the hard budgets leave.',
    remedy:
      'Raise a budget, allow more pools, ask for fewer replicas or serve models elsewhere, as `stowage plan` lists.',
  },
  STW3011: {
    title: 'No plan found within the budgets',
    cause:
      'The packer found no plan that keeps the hard budgets; there may be one, as no bound says that there is none.',
    remedy: 'Choose one of the changes that `stowage plan` lists, each of which makes the fleet fit.',
  },
  STW3101: {
    title: 'Not a lockfile',
    cause: 'The file does not begin with the line {"stowageLock":1}.',
    remedy: 'Restore it from version control, or delete it and run `stowage lock` to place everything afresh.',
  },
  STW3102: {
    title: 'Lockfile of a later version',
    cause: 'A later version of Stowage wrote the lockfile.',
    remedy: 'Use that version of Stowage, or a later one.',
  },
  STW3103: {
    title: 'Merge conflict in the lockfile',
    cause: 'Git left conflict markers in the lockfile.',
    remedy:
      'Take either side whole and run `stowage lock`; with `stowage lock merge` as git merge driver there are no conflicts.',
  },
  STW3104: {
    title: 'Bad line in the lockfile',
    cause: 'A line is not JSON, or a field is missing, unknown, or has a wrong value.',
    remedy: 'Restore the line from version control, or remove it: its model is then placed afresh.',
  },
  STW3105: {
    title: 'Entry repeated in the lockfile',
    cause: 'Two lines speak of the same shard or the same model.',
    remedy: 'Keep one of the lines.',
  },
  STW3106: {
    title: 'Unknown shard in the lockfile',
    cause: 'A model stands in a shard that has no line.',
    remedy: "Restore the shard's line from version control, or remove the model's: it is then placed afresh.",
  },
  STW3201: {
    title: 'Not a plan',
    cause: 'The file is not JSON, or not what `stowage plan --format json` prints.',
    remedy: 'Write it again with `stowage plan --format json`.',
  },
  STW3202: {
    title: 'Plan of a later version',
    cause: 'A later version of Stowage wrote the plan.',
    remedy: 'Use that version of Stowage, or write the plan again with this one.',
  },
  STW3301: {
    title: 'No such model',
    cause: 'The plan holds no model of this key or name.',
    remedy: 'Give its key (tenant/name@version), its name@version or its name.',
  },
  STW3302: {
    title: 'Several models of this name',
    cause: 'The name alone does not tell which model is meant.',
    remedy: 'Give the whole key: tenant/name@version.',
  },
} as const satisfies Record<string, ErrorDefinition>;

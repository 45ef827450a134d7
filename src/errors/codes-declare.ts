import type { ErrorDefinition } from './registry';

export const declareErrors = {
  STW1001: {
    title: 'File cannot be read',
    cause: 'The file does not exist, is a directory, or may not be read.',
    remedy: 'Check the path and its permissions.',
  },
  STW1002: {
    title: 'File is not text',
    cause: 'The file holds bytes that are not UTF-8 text.',
    remedy: 'Save it as UTF-8, or leave it out of the catalogue globs.',
  },
  STW1003: {
    title: 'Syntax error',
    cause: 'The file is not valid YAML, JSON, JSON Lines or CSV.',
    remedy: 'Correct the text at the place named.',
  },
  STW1004: {
    title: 'Wrong value',
    cause: 'A value has the wrong type, is out of range, or is not one of those allowed.',
    remedy: 'Correct the value; `stowage schema fleet` prints what is allowed.',
  },
  STW1005: {
    title: 'Unknown field',
    cause: 'The field is not part of the format, often a misspelling.',
    remedy: 'Correct or remove it; `stowage schema fleet` lists the fields.',
  },
  STW1006: { title: 'Missing field', cause: 'A field that has no default is absent.', remedy: 'Add the field.' },
  STW1007: {
    title: 'Bad quantity',
    cause:
      'A size, CPU count or other number is not a Kubernetes quantity, is negative, not finite, or above 2^53 - 1.',
    remedy: 'Write for example 16Gi, 500m or 1.5.',
  },
  STW1008: {
    title: 'Declared twice',
    cause:
      'Two entries have the same name (for models: the same tenant, name and version), or a key or column stands twice.',
    remedy: 'Rename or remove one of them.',
  },
  STW1009: {
    title: 'Unknown name',
    cause: 'A model, runtime or budget refers to something that is not declared.',
    remedy: 'Declare it, or correct the name.',
  },
  STW1010: {
    title: 'No runtime for the format',
    cause: 'No runtime, or more than one, can load the format, or the named runtime cannot.',
    remedy: 'Set `runtime`, or declare one with this format.',
  },
  STW1011: {
    title: 'Model larger than any pod',
    cause: 'The model does not fit an empty pod of any pool that it may use.',
    remedy: 'Add a pool with more memory, lower the footprint, or allow more pools.',
  },
  STW1012: {
    title: 'No pool allowed',
    cause: "The model's constraints, its runtime and the declared pools leave no pool.",
    remedy: 'Relax pools, accelerators or zones, or add a pool.',
  },
  STW1013: {
    title: 'Forbidden key',
    cause: 'Keys such as __proto__ are refused anywhere in the input.',
    remedy: 'Remove or rename the key.',
  },
  STW1014: {
    title: 'Catalogue matches no file',
    cause: 'A glob in `catalogues` matched nothing.',
    remedy: "Check the pattern; it is relative to the fleet's file.",
  },
  STW1015: {
    title: 'Fleet module failed',
    cause: 'The TypeScript or JavaScript fleet threw, or exports no fleet.',
    remedy: 'Export the result of defineFleet as `fleet` or as the default.',
  },
  STW1016: {
    title: 'Empty fleet',
    cause: 'The fleet declares no pool or no model.',
    remedy: 'Declare at least one pool and one model.',
  },
  STW1017: {
    title: 'Unsupported file kind',
    cause: "The file's ending is not one that Stowage reads there.",
    remedy: 'Fleets: .yaml .yml .json .ts .js .mjs .cjs; catalogues: .yaml .yml .json .jsonl .ndjson .csv.',
  },
  STW1018: {
    title: 'Contradictory isolation',
    cause: 'The groups of isolated tenants would mix tenants that are to be kept apart.',
    remedy: 'Give tenants that may share the same group and isolation, and all others groups of their own.',
  },
  STW1019: {
    title: 'Fleet too large to add up',
    cause: 'The sizes or loads of all models together are above 2^53 - 1 and could not be added exactly.',
    remedy: 'Check the units of the sizes; split the fleet in two if they are right.',
  },
  STW1020: {
    title: 'Alias without traffic',
    cause: 'All weights of an alias are 0, so that no request could go anywhere.',
    remedy: 'Give at least one target a weight above 0, or remove the alias.',
  },
  STW1021: {
    title: 'Alias named like a model',
    cause: 'A tenant has a model and an alias of one name, so that a request could mean either.',
    remedy: 'Rename the alias.',
  },
  STW1022: {
    title: "Another tenant's model",
    cause: 'A target or mirror of an alias is a model of another tenant, whose data and capacity are its own.',
    remedy: "Name a model of the alias's tenant, or give the alias the model's tenant.",
  },
} as const satisfies Record<string, ErrorDefinition>;

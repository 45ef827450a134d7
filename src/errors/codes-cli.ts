import type { ErrorDefinition } from './registry';

export const cliErrors = {
  STW5001: {
    title: 'No fleet found',
    cause: 'No path was given, and the directory has none of fleet.ts, fleet.yaml, fleet.yml and fleet.json.',
    remedy: 'Name the file, change to its directory, or start one with `stowage init`.',
  },
  STW5002: {
    title: 'Wrong command line',
    cause: 'A verb, option or argument is unknown, missing, or does not go with another.',
    remedy: '`stowage --help` lists the verbs, `stowage <verb> --help` what each takes.',
  },
  STW5003: {
    title: 'File cannot be written',
    cause: 'The directory does not exist, is read-only, or the path is a directory.',
    remedy: 'Check the path and its permissions.',
  },
  STW5004: {
    title: 'File is there already',
    cause: '`stowage init` overwrites nothing.',
    remedy: 'Choose another directory, or remove the file first.',
  },
  STW5005: {
    title: 'Git failed',
    cause: 'Git is not installed, this is no repository, or the ref is unknown.',
    remedy: 'Run it in a clone that has the ref (in CI: fetch it first), or compare with a saved plan.json.',
  },
  STW5006: {
    title: 'Unknown error code',
    cause: 'The code is not one that this version of Stowage reports.',
    remedy: 'Codes look like STW1008; docs/reference/errors.md lists all of them.',
  },
  STW5007: {
    title: 'Trace of other models',
    cause: 'No request of the trace is for a model that the fleet declares.',
    remedy: 'Name models as the fleet does: tenant/name@version, or the name where only one has it.',
  },
  STW5999: {
    title: 'Internal error',
    cause: 'Stowage broke one of its own promises.',
    remedy: 'Please report it, with the output of the same command under STOWAGE_DEBUG=1.',
  },
} as const satisfies Record<string, ErrorDefinition>;

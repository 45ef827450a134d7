import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { diagnostic, StowageError } from '../errors/stowage-error';
import type { GlobalOptions } from './session';
import { addCall } from './verbs/call/command';
import { addDiff } from './verbs/diff/command';
import { addError } from './verbs/error/command';
import { addExplain } from './verbs/explain/command';
import { addInit } from './verbs/init/command';
import { addLocal } from './verbs/local/command';
import { addLock } from './verbs/lock/command';
import { addPlan } from './verbs/plan/command';
import { addRepack } from './verbs/repack/command';
import { addSchema } from './verbs/schema/command';
import { addSimulate } from './verbs/simulate/command';
import { addStatus } from './verbs/status/command';
import { addSynth } from './verbs/synth/command';
import { addVerify } from './verbs/verify/command';

const exits = `
Exit status:
  0  done
  1  error
  2  there are changes (only under --detailed-exitcode)
  3  a hard budget is broken

Environment:
  CI             where set, plan and synth are frozen if there is a lockfile
  NO_COLOR       no colour; FORCE_COLOR=1: colour also without a terminal
  COLUMNS        width of text reports
  STOWAGE_DEBUG  1: prints the stack of an error`;

/** The whole command line. Verbs load what they need when they run: starting costs commander only. */
export function buildProgram(): Command {
  const program = new Command('stowage')
    .description('Packs many models onto few shared model servers: plan, lock, explain, verify, synthesise, serve.')
    .version(ownVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .option('--color', 'colour the output')
    .option('--no-color', 'do not colour the output')
    .option('-q, --quiet', 'no progress, remarks or warnings on standard error')
    .option('-C, --cwd <dir>', 'work as if started in this directory')
    .option('--all-errors', 'print every error, not the first 20 only')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => undefined })
    .exitOverride()
    .addHelpText('after', exits)
    .hook('preAction', (_, action) => enter(action.optsWithGlobals<GlobalOptions>().cwd));
  program.helpCommand('help [verb]', 'print help on a verb');
  const verbs = [
    addInit,
    addPlan,
    addLock,
    addDiff,
    addRepack,
    addExplain,
    addSynth,
    addVerify,
    addLocal,
    addCall,
    addStatus,
  ];
  for (const add of [...verbs, addSimulate, addSchema, addError]) add(program);
  return program;
}

function enter(directory: string | undefined): void {
  if (directory === undefined) return;
  try {
    process.chdir(directory);
  } catch {
    throw new StowageError([diagnostic('STW5002', `cannot work in "${directory}": it is no directory to enter`)]);
  }
}

/** From package.json, which lies two or three directories up: in dist/ and in the sources. */
function ownVersion(): string {
  for (const up of ['../..', '../../..']) {
    try {
      const { name, version } = JSON.parse(readFileSync(join(__dirname, up, 'package.json'), 'utf8')) as {
        name?: string;
        version?: string;
      };
      if (name === 'stowage' && version !== undefined) return version;
    } catch {
      // Not there: look further up.
    }
  }
  return '0.0.0';
}

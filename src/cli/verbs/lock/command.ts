import type { Command } from 'commander';
import { addMoveOptions, fleetArgument, type PlanningOptions } from '../../planning';
import { sessionOf } from '../../session';

export interface LockOptions extends PlanningOptions {
  readonly check?: boolean;
}

export function addLock(program: Command): void {
  const command = program
    .command('lock')
    .description('write stowage.lock: where each model runs, so that later plans move nothing')
    .argument(...fleetArgument)
    .option('--check', 'write nothing; fail where the lockfile is not current');
  command.option('--lockfile <path>', 'lockfile to write (default: stowage.lock beside the fleet)');
  addMoveOptions(command).action((fleet: string | undefined, options: LockOptions, self: Command) => {
    const { lock } = require('./lock') as typeof import('./lock');
    process.exitCode = lock(fleet, options, sessionOf(self));
  });
  command
    .command('merge')
    .description('git merge driver: merges two lockfiles into <ours> by model, then checks the budgets')
    .argument('<base>', 'common ancestor (%O)')
    .argument('<ours>', 'our side, and the result (%A)')
    .argument('<theirs>', 'their side (%B)')
    .argument('[path]', 'path of the lockfile in the repository (%P)')
    .action((base: string, ours: string, theirs: string, path: string | undefined, _: object, self: Command) => {
      const { mergeFiles } = require('./merge') as typeof import('./merge');
      mergeFiles({ base, ours, theirs, path }, sessionOf(self));
    });
  command
    .command('install')
    .description('set up the merge driver in this clone: git configuration and .gitattributes')
    .option('--command <command>', 'how git calls Stowage', 'npx --no-install stowage')
    .action((options: { readonly command: string }, self: Command) => {
      const { installDriver } = require('./install') as typeof import('./install');
      installDriver(options.command, sessionOf(self));
    });
}

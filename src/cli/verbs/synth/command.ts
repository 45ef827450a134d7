import type { Command } from 'commander';
import {
  addFrozenOption,
  addLockfileOptions,
  addMoveOptions,
  fleetArgument,
  type PlanningOptions,
} from '../../planning';
import { sessionOf } from '../../session';

export interface SynthOptions extends PlanningOptions {
  readonly out?: string;
}

export function addSynth(program: Command): void {
  const command = program
    .command('synth')
    .description('write the Kubernetes objects as YAML, for `kubectl apply --server-side -f -`')
    .argument(...fleetArgument)
    .option('-o, --out <path>', 'a .yaml file for all, or a directory for a file a shard (default: standard output)');
  addFrozenOption(addMoveOptions(addLockfileOptions(command))).action(
    async (fleet: string | undefined, options: SynthOptions, self: Command) => {
      const { synth } = require('./synth') as typeof import('./synth');
      process.exitCode = await synth(fleet, options, sessionOf(self));
    },
  );
}

import { type Command, InvalidArgumentError, Option } from 'commander';
import { addLockfileOptions, fleetArgument, type PlanningOptions } from '../../planning';
import { sessionOf } from '../../session';

export interface SimulateOptions extends PlanningOptions {
  readonly format: 'text' | 'json' | 'markdown';
  readonly trace?: string;
  readonly seed: number;
  readonly hours?: number;
  readonly bursts?: boolean;
  readonly room: 'left' | 'reserve';
  readonly out?: string;
  readonly details?: boolean;
}

export function addSimulate(program: Command): void {
  const command = program
    .command('simulate')
    .description('send requests through the room of on-demand models: cold starts and waits, forecast and replay')
    .argument(...fleetArgument)
    .option('--trace <requests.csv>', 'replay these requests: columns time_s and model (default: synthetic ones)')
    .addOption(new Option('--seed <n>', 'seed of synthetic requests').argParser(wholeNumber).default(1))
    .addOption(
      new Option('--hours <h>', 'length of synthetic requests (default: up to a million of them)').argParser(hours),
    )
    .option('--bursts', 'synthetic requests in bursts, not evenly at random')
    .addOption(
      new Option('--room <room>', 'what on-demand models get: all that residents leave, or the reserve only')
        .choices(['left', 'reserve'])
        .default('left'),
    )
    .addOption(
      new Option('-f, --format <format>', 'form of the report').choices(['text', 'json', 'markdown']).default('text'),
    )
    .option('-o, --out <file>', 'write the report to a file')
    .option('--details', 'every shard and every class');
  addLockfileOptions(command).action((fleet: string | undefined, options: SimulateOptions, self: Command) => {
    const { simulateFleet } = require('./simulate') as typeof import('./simulate');
    simulateFleet(fleet, options, sessionOf(self));
  });
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0 || value > 2 ** 31)
    throw new InvalidArgumentError('Not a whole number.');
  return value;
}

function hours(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1e6)) throw new InvalidArgumentError('Not a number of hours.');
  return value;
}

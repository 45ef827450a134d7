import type { Command } from 'commander';
import { addLockfileOptions, fleetArgument, type PlanningOptions } from '../../planning';
import { sessionOf } from '../../session';

export interface LocalVerbOptions extends PlanningOptions {
  readonly port: string;
  readonly replicas?: string;
  readonly dir?: string;
  readonly parts?: string;
  readonly watch?: boolean;
}

export function addLocal(program: Command): void {
  const command = program
    .command('local')
    .description('serve the fleet on this machine: Envoy, meshd, agents and model servers as processes, until Ctrl-C')
    .argument(...fleetArgument)
    .option(
      '-p, --port <number>',
      'REST; gRPC is on the next one, meshd on the third after; 0: any that are free',
      '8080',
    )
    .option('--replicas <number>', 'at most so many pods a shard (default: as planned)')
    .option('--watch', 'plan again when the fleet file or the lockfile changes; SIGHUP does it once')
    .option('--dir <path>', 'keep state and logs there (default: a temporary directory, removed at the end)')
    .option('--parts <path>', 'where scripts/mesh-parts.sh installed Envoy and the model servers');
  addLockfileOptions(command).action(async (fleet: string | undefined, options: LocalVerbOptions, self: Command) => {
    const { local } = require('./local') as typeof import('./local');
    process.exitCode = await local(fleet, options, sessionOf(self));
  });
}

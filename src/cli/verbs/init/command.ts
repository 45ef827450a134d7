import type { Command } from 'commander';
import { sessionOf } from '../../session';

export function addInit(program: Command): void {
  program
    .command('init')
    .description('start a fleet: writes a small fleet.yaml and models.jsonl that plan')
    .argument('[dir]', 'directory to write to', '.')
    .action((directory: string, _options: object, command: Command) => {
      const { init } = require('./init') as typeof import('./init');
      init(directory, sessionOf(command));
    });
}

import type { Command } from 'commander';

export function addError(program: Command): void {
  program
    .command('error')
    .description('what an error code means, why it comes, what to do')
    .argument('<code>', 'such as STW1008')
    .action((code: string) => {
      const { printError } = require('./error') as typeof import('./error');
      printError(code);
    });
}

import { Argument, type Command } from 'commander';

export type SchemaName = 'fleet' | 'model' | 'model-table' | 'route-table';

export function addSchema(program: Command): void {
  program
    .command('schema')
    .description('print a JSON Schema: of the fleet file, a catalogue entry, the model table, or the route table')
    .addArgument(
      new Argument('[name]', 'which').choices(['fleet', 'model', 'model-table', 'route-table']).default('fleet'),
    )
    .action((name: SchemaName) => {
      const { printSchema } = require('./schema') as typeof import('./schema');
      printSchema(name);
    });
}

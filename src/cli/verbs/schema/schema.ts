import { json, print } from '../../output';
import type { SchemaName } from './command';
import { publishedSchema } from './published-schemas';

export function printSchema(name: SchemaName): void {
  print(json(publishedSchema(name)));
}

import { fleetJsonSchema, modelJsonSchema } from '../../../declare/json-schema';
import { modelTableSchema } from '../../../render/model-table';
import { routeTableSchema } from '../../../render/route-table';
import type { SchemaName } from './command';

/** The schemas that `schema/` in the package holds, too. */
export function publishedSchema(name: SchemaName): unknown {
  switch (name) {
    case 'fleet':
      return fleetJsonSchema();
    case 'model':
      return modelJsonSchema();
    case 'model-table':
      return modelTableSchema();
    case 'route-table':
      return routeTableSchema();
  }
}

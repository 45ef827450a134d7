/** The published JSON Schemas (draft 2020-12), made from the same definitions that validate. */
function toJsonSchema(pick: 'fleetSchema' | 'modelSchema', title: string): Record<string, unknown> {
  // zod is loaded only when asked for: it costs more than the rest of the CLI's start.
  const { z } = require('zod') as typeof import('zod');
  const schemas = require('./schema') as typeof import('./schema');
  const schema = z.toJSONSchema(schemas[pick], { io: 'input' });
  return { title, ...schema };
}

export function fleetJsonSchema(): Record<string, unknown> {
  return toJsonSchema('fleetSchema', 'Stowage fleet');
}

export function modelJsonSchema(): Record<string, unknown> {
  return toJsonSchema('modelSchema', 'Stowage model: one entry of a catalogue');
}

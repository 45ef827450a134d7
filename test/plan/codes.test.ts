import { expect, it } from 'vitest';
import { planErrors } from '../../src/errors/codes-plan';
import { StowageError } from '../../src/errors/stowage-error';
import { triggers as ofConflicts } from '../errors/triggers-conflict';
import { triggers as ofPlans } from '../errors/triggers-plan';

const triggers: Readonly<Record<string, () => unknown>> = { ...ofPlans, ...ofConflicts };

it.each(Object.keys(planErrors))('%s is reached', (code) => {
  let found: unknown;
  try {
    found = triggers[code]?.();
  } catch (error) {
    if (!StowageError.is(error)) throw error;
    found = error.diagnostics;
  }
  expect(found).toEqual(expect.arrayContaining([expect.objectContaining({ code })]));
});

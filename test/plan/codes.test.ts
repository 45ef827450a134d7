import { expect, it } from 'vitest';
import { planErrors } from '../../src/errors/codes-plan';
import { StowageError } from '../../src/errors/stowage-error';
import { triggers } from '../errors/triggers-plan';

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

import { expect, it } from 'vitest';
import { packErrors } from '../../src/errors/codes-pack';
import { StowageError } from '../../src/errors/stowage-error';
import { triggers } from '../errors/triggers-pack';

it.each(Object.keys(packErrors))('%s can be reached', (code) => {
  const run = triggers[code];
  let result: unknown;
  try {
    result = run?.();
  } catch (error) {
    result = StowageError.is(error) ? error.diagnostics : error;
  }
  expect(result).toEqual(expect.arrayContaining([expect.objectContaining({ code })]));
});

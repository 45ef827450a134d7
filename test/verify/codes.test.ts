import { expect, it } from 'vitest';
import { packErrors } from '../../src/errors/codes-pack';
import { StowageError } from '../../src/errors/stowage-error';
import { triggers as ofPlans } from '../errors/triggers-pack';
import { triggers as ofRepacking } from '../errors/triggers-repack';

const triggers: Readonly<Record<string, () => unknown>> = { ...ofPlans, ...ofRepacking };

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

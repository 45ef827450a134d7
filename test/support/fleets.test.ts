import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import { fleetInputs, modelKeys, shuffledFleet } from './fleets';

test('every generated fleet is valid, whatever its order', () => {
  fc.assert(
    fc.property(
      fleetInputs().chain((input) => fc.tuple(fc.constant(input), shuffledFleet(input))),
      ([input, shuffled]) => {
        const keys = defineFleet(input).models.map((model) => model.key);
        expect(keys).toEqual(modelKeys(input));
        expect(defineFleet(shuffled).models.map((model) => model.key)).toEqual(keys);
      },
    ),
  );
});

/** Random numbers from 0 to below 1; the same seed and name give the same ones on any machine. */
export type Random = () => number;

/** sfc32 (Chris Doty-Humphrey's small fast counter), started from a hash of seed and name. */
export function seededRandom(seed: number, name: string): Random {
  const next = hashes(seed, name);
  let a = next();
  let b = next();
  let c = next();
  let d = 1;
  const draw = () => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 12; i++) draw();
  return draw;
}

/** Time to the next event of a Poisson process, in units of its mean. */
export function exponential(random: Random): number {
  return -Math.log(1 - random());
}

/** A number of 32 bits for a text: FNV-1a. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

function hashes(seed: number, name: string): () => number {
  let state = Math.imul(seed | 0, 0x9e3779b1) ^ hashOf(name);
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
}

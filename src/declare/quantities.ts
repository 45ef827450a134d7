/**
 * Kubernetes quantities, parsed once at the edge, exactly: `16Gi`, `500m`, `1.5`, `2e9`, `512M`, or a plain number.
 * Source of the format: Kubernetes API reference, `resource.Quantity`.
 */

const multipliers: Readonly<Record<string, readonly [numerator: bigint, denominator: bigint]>> = {
  n: [1n, 1_000_000_000n],
  u: [1n, 1_000_000n],
  m: [1n, 1000n],
  '': [1n, 1n],
  k: [1000n, 1n],
  M: [1000n ** 2n, 1n],
  G: [1000n ** 3n, 1n],
  T: [1000n ** 4n, 1n],
  P: [1000n ** 5n, 1n],
  E: [1000n ** 6n, 1n],
  Ki: [1024n, 1n],
  Mi: [1024n ** 2n, 1n],
  Gi: [1024n ** 3n, 1n],
  Ti: [1024n ** 4n, 1n],
  Pi: [1024n ** 5n, 1n],
  Ei: [1024n ** 6n, 1n],
};

const pattern = /^\+?(\d{1,24})(?:\.(\d{0,32}))?(?:(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)|[eE]([+-]?\d{1,3}))?$/;

export type QuantityResult =
  | { readonly ok: true; readonly value: number }
  | { readonly ok: false; readonly reason: string };

const fail = (reason: string): QuantityResult => ({ ok: false, reason });

/** The same as {@link parseExactly} where a double is exact; null where it may not be. */
function parsePlain(input: unknown, scale: number): number | null {
  let value: number;
  if (typeof input === 'string') {
    const amount = parseWhole(input);
    if (amount === null) return null;
    value = amount * scale;
  } else if (typeof input === 'number' && input >= 0) {
    const scaled = input * scale;
    const nearest = Math.round(scaled);
    // Well between two whole numbers the product's error cannot change which is above it.
    if (input <= 1e6 && Math.abs(scaled - nearest) > 1e-3) value = Math.ceil(scaled);
    else if (Number.isInteger(input)) value = scaled;
    // No two decimals of up to 15 digits are the same double: nearest / scale is what the user wrote.
    else if (nearest < 1e15 && nearest / scale === input) value = nearest;
    else return null;
  } else return null;
  // Minus zero becomes zero.
  return Number.isSafeInteger(value) ? value + 0 : null;
}

/** Most quantities are up to nine digits and a binary unit: `512Mi`. Null for all else. */
function parseWhole(text: string): number | null {
  let amount = 0;
  let at = 0;
  for (; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) break;
    amount = amount * 10 + digit;
  }
  if (at === 0 || at > 9) return null;
  if (at === text.length) return amount;
  if (at !== text.length - 2 || text[at + 1] !== 'i') return null;
  switch (text[at]) {
    case 'K':
      return amount * 2 ** 10;
    case 'M':
      return amount * 2 ** 20;
    case 'G':
      return amount * 2 ** 30;
    default:
      return null;
  }
}

/** `text` x `scale`, rounded up to an integer; refuses what is negative, not a number, or above 2^53 - 1. */
function parseExactly(input: unknown, scale: bigint): QuantityResult {
  if (typeof input === 'number') {
    if (!Number.isFinite(input)) return fail(`${input} is not a finite number`);
    if (input < 0) return fail(`${input} is negative`);
    if (Number.isInteger(input)) return inRange(BigInt(input) * scale);
    // The shortest decimal that reads back as this double is what the user wrote.
    return parseExactly(String(input), scale);
  }
  if (typeof input !== 'string') return fail(`expected a quantity such as 16Gi or 500m, got ${describe(input)}`);
  const text = input.trim();
  if (text.startsWith('-')) return fail(`"${clip(text)}" is negative`);
  const match = pattern.exec(text);
  if (match === null) return fail(`"${clip(text)}" is not a quantity; write for example 16Gi, 500m or 1.5`);
  const [, whole = '0', fraction = '', suffix = '', exponent] = match;
  let numerator = BigInt(whole + fraction) * scale;
  let denominator = 10n ** BigInt(fraction.length);
  if (exponent !== undefined) {
    const power = Number(exponent);
    if (power >= 0) numerator *= 10n ** BigInt(power);
    else denominator *= 10n ** BigInt(-power);
  } else {
    const [n, d] = multipliers[suffix] ?? [1n, 1n];
    numerator *= n;
    denominator *= d;
  }
  return inRange((numerator + denominator - 1n) / denominator);
}

function inRange(value: bigint): QuantityResult {
  return value > BigInt(Number.MAX_SAFE_INTEGER)
    ? fail('is above the largest size supported (2^53 - 1)')
    : { ok: true, value: Number(value) };
}

function clip(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}

function describe(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;
}

function parseScaled(input: unknown, scale: number): QuantityResult {
  const value = parsePlain(input, scale);
  return value === null ? parseExactly(input, BigInt(scale)) : { ok: true, value };
}

/** What {@link parseBytes} reads, where it needs no more than a double; null where that one has to. */
export const plainBytes = (input: unknown): number | null => parsePlain(input, 1);
/** The same of {@link parseMillis} and {@link parseMicros}. */
export const plainMillis = (input: unknown): number | null => parsePlain(input, 1000);
export const plainMicros = (input: unknown): number | null => parsePlain(input, 1_000_000);

/** Bytes: `16Gi`, `512M`, or a plain number of bytes. */
export const parseBytes = (input: unknown): QuantityResult => parseScaled(input, 1);

/** Milli-cores: `500m` is 500, `2` is 2000. */
export const parseCpuMillis = (input: unknown): QuantityResult => parseScaled(input, 1000);

/** A decimal number in millionths, rounded up: dollars, shares, accelerator-seconds. */
export const parseMicros = (input: unknown): QuantityResult => parseScaled(input, 1_000_000);

/** A decimal number in thousandths, rounded up: requests a second, speeds. */
export const parseMillis = (input: unknown): QuantityResult => parseScaled(input, 1000);

/** Whole milliseconds of seconds that the schema has checked. */
export const milliseconds = (seconds: number): number => Math.round(seconds * 1000);

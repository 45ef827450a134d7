const binary = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const;
const decimal = ['', 'k', 'M', 'G', 'T', 'P', 'E'] as const;

/** A Kubernetes quantity of `bytes` in the one form that the API server gives back: 16Gi, 1536Mi, 5G, 1000001. */
export function bytesQuantity(bytes: number): string {
  return bytes >= 1024 && bytes % 1024 === 0 ? scaled(bytes, 1024, binary) : scaled(bytes, 1000, decimal);
}

/** A Kubernetes quantity of CPU in its canonical form: 500m, 2, 1500m. */
export function cpuQuantity(millis: number): string {
  return millis % 1000 === 0 ? scaled(millis / 1000, 1000, decimal) : `${millis}m`;
}

/** The largest suffix that leaves a whole number. */
function scaled(amount: number, step: number, suffixes: readonly string[]): string {
  let rest = amount;
  let power = 0;
  while (rest !== 0 && rest % step === 0 && power < suffixes.length - 1) {
    rest /= step;
    power++;
  }
  return `${rest}${suffixes[power] ?? ''}`;
}

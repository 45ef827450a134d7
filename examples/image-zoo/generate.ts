/**
 * Makes models.csv from timm's benchmarks in data/: `npm run generate`. The same bytes every time.
 * Measured: parameters, activations, throughput. Modelled: memory, load and replicas; see README.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Of the whole zoo. */
const requestsPerSecond = 30_000;
/** Images that a server works on at once: what activations are counted for. */
const batch = 8;
const mebi = 2 ** 20;

interface Benchmark {
  readonly model: string;
  readonly infer_img_size: string;
  readonly infer_samples_per_sec: string;
  readonly param_count: string;
  readonly infer_macts: string;
}

export function catalogue(benchmarks: string): string {
  const models = rows(benchmarks).sort((a, b) => (a.model < b.model ? -1 : 1));
  // A popularity rank that has nothing to do with name, size or speed.
  const ranks = new Map(
    models
      .map(({ model }) => model)
      .sort((a, b) => hash(a) - hash(b))
      .map((model, rank) => [model, rank + 1]),
  );
  const weights = models.map(({ model }) => 1 / (ranks.get(model) ?? 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const lines = models.map((row, i) => {
    const parameters = Number(row.param_count) * 1e6;
    const activations = Number(row.infer_macts) * 1e6;
    const requests = (requestsPerSecond * (weights[i] ?? 0)) / total;
    const weightBytes = parameters * 2;
    return [
      row.model,
      row.infer_img_size,
      'onnx',
      `hf://timm/${row.model}`,
      `${Math.ceil((weightBytes + 0.35 * activations * 2 * batch) / mebi + 48)}Mi`,
      `${Math.ceil(weightBytes / 2 / mebi + 24)}Mi`,
      `${Math.ceil(weightBytes / mebi)}Mi`,
      'estimated',
      row.infer_samples_per_sec,
      requests.toFixed(3),
      (ranks.get(row.model) ?? 0) <= models.length / 10 ? 2 : 1,
    ].join(',');
  });
  const head =
    'name,version,format,storageUri,gpuMemory,memory,disk,provenance,throughputPerSecond,requestsPerSecond,replicas';
  return `${[head, ...lines].join('\n')}\n`;
}

/** The benchmark files quote nothing. */
function rows(csv: string): Benchmark[] {
  const [head = '', ...lines] = csv.trim().split(/\r?\n/);
  const names = head.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(names.map((name, i) => [name, cells[i] ?? ''])) as unknown as Benchmark;
  });
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return value;
}

if (require.main === module) {
  const source = join(__dirname, 'data', 'benchmark-infer-amp-nchw-pt291-cu128-4090.csv');
  writeFileSync(join(__dirname, 'models.csv'), catalogue(readFileSync(source, 'utf8')));
}

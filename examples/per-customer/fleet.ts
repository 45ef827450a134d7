import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineFleet } from 'stowage';

/** What KServe's page calls the other reason for many models: each customer's data trained apart. */
const customers = 20_000;

/** scikit-learn models as we measured them: pickle size and prediction time. */
const kinds = readFileSync(join(__dirname, 'data', 'sklearn-sizes.csv'), 'utf8')
  .trim()
  .split(/\r?\n/)
  .slice(1)
  .map((line) => {
    const [name = '', , , , pickleBytes, predictMicros] = line.split(',');
    return { name, pickleBytes: Number(pickleBytes), predictMicros: Number(predictMicros) };
  });

const customer = (i: number) => `customer-${String(i).padStart(5, '0')}`;
const every = (step: number) => Array.from({ length: Math.floor(customers / step) }, (_, i) => customer(i * step));

/** One customer in 400 never shares a process; one in 5,000 not even a node; one in 100 only with its own industry. */
const ownNodes = new Set(every(5_000));
const ownProcess = new Set(every(400).filter((name) => !ownNodes.has(name)));
const regulated = every(100).filter((name) => !ownNodes.has(name) && !ownProcess.has(name));

export const fleet = defineFleet({
  name: 'per-customer',
  pools: [{ name: 'cpu', cpu: 16, memory: '64Gi', pricePerNodeHour: 1.36, maxNodes: 120 }],
  tenants: [
    ...[...ownNodes].map((name) => ({ name, isolation: 'node' as const })),
    ...[...ownProcess].map((name) => ({ name, isolation: 'process' as const })),
    ...regulated.map((name, i) => ({
      name,
      isolation: 'process' as const,
      group: i % 2 === 0 ? 'banking' : 'health',
    })),
  ],
  budgets: { pods: 1_000, ips: 4_096, nodes: 120 },
  models: Array.from({ length: customers }, (_, i) => {
    const kind = kinds[(i * 7) % kinds.length] ?? { name: '', pickleBytes: 0, predictMicros: 0 };
    return {
      name: kind.name,
      tenant: customer(i),
      format: 'sklearn',
      storageUri: `s3://models/${customer(i)}/${kind.name}`,
      // Unpickled objects take about 1.6 times the file (modelled), and 12 MiB for what each imports and caches.
      memory: Math.ceil(kind.pickleBytes * 1.6) + 12 * 2 ** 20,
      disk: kind.pickleBytes,
      requestsPerSecond: 0.05,
      cpuSecondsPerRequest: (kind.predictMicros + 500) / 1e6,
    };
  }),
});

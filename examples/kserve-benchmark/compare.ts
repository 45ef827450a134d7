import { type Plan, planFleet } from 'stowage';
import { table } from '../table';
import { benchmarkFleet, measured } from './fleet';
import { largestFit } from './largest-fit';

export interface Comparison {
  /** The most models that the real packer places within every budget. */
  readonly models: number;
  readonly plan: Plan;
}

export function compare(): Comparison {
  const plans = new Map<number, Plan>();
  const models = largestFit(measured.multiModel.models, (n) => {
    const { plan } = planFleet(benchmarkFleet(n));
    plans.set(n, plan);
    return plan.budgets.every((budget) => budget.status === 'ok');
  });
  const plan = plans.get(models);
  if (plan === undefined) throw new TypeError('unreachable: the largest fit was planned');
  return { models, plan };
}

export function report({ models, plan }: Comparison): string {
  const { perServer, multiModel } = measured;
  const { summary, baseline } = plan;
  const memory = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  const byPods = baseline.limitsHit.find(({ budget }) => budget === 'pods')?.modelsThatFit ?? models;
  return [
    'KServe benchmark cluster: 6 nodes, 660 pods, 2,048 IPs',
    table([
      ['', 'models', 'servers', 'CPU requested', 'memory requested'],
      [
        'one server a model, KServe measured',
        perServer.models,
        perServer.models,
        `${perServer.cpu}`,
        `${perServer.gigabytes} GB`,
      ],
      [
        'multi-model, KServe measured',
        '~10,000',
        multiModel.servers,
        `${multiModel.cpu}`,
        `${multiModel.gigabytes} GB`,
      ],
      [
        'Stowage, within the same requests',
        models,
        summary.shardPods,
        `${summary.cpuMillis / 1000}`,
        memory(summary.memoryBytes),
      ],
    ]),
    `One server a model needs ${baseline.pods} pods for those ${models} models; 660 pods alone would end at ${byPods} models.`,
  ].join('\n');
}

if (require.main === module) console.log(report(compare()));

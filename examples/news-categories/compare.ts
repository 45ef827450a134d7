import { type Plan, planFleet } from 'stowage';
import { table } from '../table';
import { newsFleet } from './fleet';

/** Figures of https://kserve.github.io/website/0.9/modelserving/mms/multi-model-serving/ */
const page = { nodes: 50, podsPerNode: 110, bestPracticePodsPerNode: 100, podsPerModel: 4 };

export interface Comparison {
  readonly ten: Plan;
  /** 1,024 models, and 10,000. */
  readonly thousand: Plan;
  readonly tenThousand: Plan;
}

export function compare(): Comparison {
  const planOf = (models: number) => planFleet(newsFleet({ models, transformers: true })).plan;
  return { ten: planFleet(newsFleet({ models: 10 })).plan, thousand: planOf(1_024), tenThousand: planOf(10_000) };
}

export function report({ ten, thousand, tenThousand }: Comparison): string {
  const cpu = (millis: number) => `${millis / 1000} CPU`;
  const gigabytes = (bytes: number) => `${Math.round(bytes / 1e7) / 100} GB`;
  const { baseline, summary } = ten;
  const shared = summary.shardPods;
  const perPod = {
    cpu: baseline.overheadCpuMillis / baseline.pods,
    memory: baseline.overheadMemoryBytes / baseline.pods,
  };
  const { nodes, podsPerNode, bestPracticePodsPerNode, podsPerModel } = page;
  return [
    "Ten models with two replicas: overhead beside the models' own needs",
    table([
      ['', 'pods', 'CPU', 'memory', 'KServe page'],
      [
        'one server a model',
        baseline.pods,
        cpu(baseline.overheadCpuMillis),
        gigabytes(baseline.overheadMemoryBytes),
        '10 CPU, 10 GB',
      ],
      [
        "shared, with KServe's sidecars",
        shared,
        cpu(shared * perPod.cpu),
        gigabytes(shared * perPod.memory),
        '1 CPU, 1 GB',
      ],
      [
        "shared, Stowage's agents and routers",
        summary.pods,
        cpu(summary.overheadCpuMillis),
        gigabytes(summary.overheadMemoryBytes),
        '',
      ],
    ]),
    '',
    'Pod addresses (4,096) and nodes (50), two replicas of predictor and of transformer a model',
    table([
      ['', 'one server a model', 'KServe page', 'Stowage'],
      ['models that 4,096 IPs hold', fits(tenThousand, 'ips'), '1,024', `10,000 in ${tenThousand.summary.ips} IPs`],
      ['IPs for 1,024 models', thousand.baseline.ips, '4,096', thousand.summary.ips],
      [
        `models on ${nodes} nodes, ${podsPerNode} pods each`,
        fits(tenThousand, 'pods'),
        '"1000"',
        `10,000 on ${tenThousand.summary.nodes} nodes`,
      ],
      [
        `models on ${nodes} nodes, ${bestPracticePodsPerNode} pods each`,
        Math.floor((nodes * bestPracticePodsPerNode) / podsPerModel),
        '"1000"',
        '',
      ],
    ]),
    "Stowage's pods hold predictors; a model that needs a transformer of its own keeps it beside the fleet.",
  ].join('\n');
}

/** How many of the models one-per-server would hold within a budget. */
function fits(plan: Plan, budget: 'ips' | 'pods'): number {
  return plan.baseline.limitsHit.find((limit) => limit.budget === budget)?.modelsThatFit ?? plan.summary.models;
}

if (require.main === module) console.log(report(compare()));

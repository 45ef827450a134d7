import { refuseBrokenBudgets } from '../../components/shared/broken-budgets';
import { planSource } from '../../components/shared/plan-source';

export const triggers: Record<string, () => unknown> = {
  STW5105: () =>
    refuseBrokenBudgets(
      planSource({
        lock: 'off',
        fleet: {
          name: 'small',
          pools: [{ name: 'cpu', cpu: 16, memory: '64Gi' }],
          models: [{ name: 'a', format: 'sklearn', storageUri: 's3://models/a', replicas: 3 }],
          budgets: { pods: 1 },
        },
      }),
    ),
};

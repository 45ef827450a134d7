import type { Fleet } from '../../src/declare/fleet';

/** What may differ between deployments of one fleet: none of it decides where models go. */
export interface Overrides<T> {
  /** @default the fleet's */
  readonly namespace?: T | undefined;
  /** @default the fleet's `mesh.router.image` */
  readonly routerImage?: T | undefined;
  /** @default the fleet's `mesh.agent.image` */
  readonly agentImage?: T | undefined;
  /** Secret with the agents' storage credentials. @default the fleet's `mesh.storageSecretName` */
  readonly storageSecretName?: T | undefined;
}

export function withOverrides(fleet: Fleet, overrides: Overrides<string>): Fleet {
  const { mesh } = fleet;
  return {
    ...fleet,
    namespace: overrides.namespace ?? fleet.namespace,
    mesh: {
      ...mesh,
      routerImage: overrides.routerImage ?? mesh.routerImage,
      agentImage: overrides.agentImage ?? mesh.agentImage,
      storageSecretName: overrides.storageSecretName ?? mesh.storageSecretName,
    },
  };
}

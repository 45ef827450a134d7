import { ApiObject, Chart, JsonPatch } from 'cdk8s';
import { Construct } from 'constructs';
import type { Fleet as DeclaredFleet } from '../../src/declare/fleet';
import type { FleetInput } from '../../src/declare/input';
import type { Plan } from '../../src/plan/plan';
import { renderFleet } from '../../src/render/render';
import { refuseBrokenBudgets } from '../shared/broken-budgets';
import { serviceAddress } from '../shared/endpoint';
import { type Overrides, withOverrides } from '../shared/overrides';
import { type LockMode, planSource } from '../shared/plan-source';

export interface FleetProps extends Overrides<string> {
  /** What `defineFleet` takes or gives, or the path of a fleet file (YAML, JSON, TypeScript). */
  readonly fleet: FleetInput | DeclaredFleet | string;
  /** Path of the lockfile; false: none. @default stowage.lock beside the fleet's file, else in the current directory */
  readonly lockfile?: string | false | undefined;
  /**
   * `auto`: where `CI` is set and the lockfile exists it must be current. `frozen`: it must be. `off`: none is read.
   * Synthesis never writes it; `stowage lock` does.
   * @default auto
   */
  readonly lock?: LockMode | undefined;
  /** @default the chart's namespace, else the fleet's */
  readonly namespace?: string | undefined;
  /** Also make the namespace, under the restricted Pod Security Standard (needs cdk8s-plus-27). @default false */
  readonly createNamespace?: boolean | undefined;
}

const brand = Symbol.for('stowage.cdk8s.Fleet');

/**
 * A fleet of models on shared servers: one Deployment with its ConfigMaps a shard, and the router in front of them.
 * Objects keep their names wherever the construct stands in the tree.
 */
export class Fleet extends Construct {
  /** True for a Fleet of any copy of this package. */
  static isFleet(value: unknown): value is Fleet {
    return typeof value === 'object' && value !== null && brand in value;
  }

  /** Address of the router inside the cluster: `http://<service>.<namespace>.svc:<port>`. */
  readonly endpoint: string;
  readonly plan: Plan;

  /** @throws StowageError with every finding in the fleet, or the hard budgets that the plan breaks */
  constructor(scope: Construct, id: string, props: FleetProps) {
    super(scope, id);
    Object.defineProperty(this, brand, { value: true });
    const planned = planSource(props);
    refuseBrokenBudgets(planned);
    const { fleet, plan } = planned;
    const namespace = props.namespace ?? Chart.of(this).namespace ?? fleet.namespace;
    if (props.createNamespace === true) addNamespace(this, namespace);
    const groups = renderFleet(withOverrides(fleet, { ...props, namespace }), plan);
    for (const { objects } of groups) {
      for (const object of objects) new ApiObject(this, `${object.kind}-${object.metadata.name}`, { ...object });
    }
    this.plan = plan;
    this.endpoint = serviceAddress(groups);
  }
}

function addNamespace(scope: Construct, name: string): void {
  const { Namespace } = require('cdk8s-plus-27') as typeof import('cdk8s-plus-27');
  const namespace = new Namespace(scope, 'namespace', {
    metadata: { name, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  });
  // The chart's namespace is added to everything in it, also to what stands in none.
  if (Chart.of(scope).namespace !== undefined)
    ApiObject.of(namespace).addJsonPatch(JsonPatch.remove('/metadata/namespace'));
}

import * as pulumi from '@pulumi/pulumi';
import type { Fleet as DeclaredFleet } from '../../src/declare/fleet';
import type { FleetInput } from '../../src/declare/input';
import type { Plan, PlanSummary } from '../../src/plan/plan';
import { saveLock } from '../../src/project/plan-fleet';
import { renderFleet } from '../../src/render/render';
import { refuseBrokenBudgets } from '../shared/broken-budgets';
import { serviceAddress } from '../shared/endpoint';
import { type Overrides, withOverrides } from '../shared/overrides';
import { type LockMode, planSource } from '../shared/plan-source';
import { registerChildren } from './children';
import { reporting, warn } from './findings';
import { lateValues } from './late-values';

export interface FleetArgs extends Overrides<pulumi.Input<string>> {
  /** What `defineFleet` takes or gives, or the path of a fleet file (YAML, JSON, TypeScript). */
  fleet: FleetInput | DeclaredFleet | string;
  /** Path of the lockfile; false: none. @default stowage.lock beside the fleet's file, else in the program's directory */
  lockfile?: string | false | undefined;
  /**
   * `auto`: where `CI` is set and the lockfile exists it must be current; elsewhere `pulumi up` (not preview) writes it.
   * `frozen`: it must be current. `off`: none is read or written.
   * @default auto
   */
  lock?: LockMode | undefined;
}

/**
 * A fleet of models on shared servers: one Deployment with its ConfigMaps a shard, and the router in front of them.
 * The namespace must exist. Findings in the fleet are logged one by one; a broken hard budget stops the update.
 */
export class Fleet extends pulumi.ComponentResource {
  /** Address of the router inside the cluster: `http://<service>.<namespace>.svc:<port>`. */
  readonly endpoint: pulumi.Output<string>;
  /** The plan's totals: models, shards, pods, IPs, nodes, GPUs, milli-cores, bytes, micro-dollars an hour. */
  readonly summary: pulumi.Output<PlanSummary>;
  /** The whole plan, as plain data. */
  readonly plan: Plan;

  constructor(name: string, args: FleetArgs, opts?: pulumi.ComponentResourceOptions) {
    super('stowage:index:Fleet', name, {}, opts);
    const late = lateValues(args);
    const { planned, groups } = reporting(this, () => {
      const planned = planSource(args);
      refuseBrokenBudgets(planned);
      const rendered = renderFleet(withOverrides(planned.fleet, late.overrides), planned.plan);
      if (args.lock !== 'frozen' && !pulumi.runtime.isDryRun()) saveLock(planned);
      return { planned, groups: rendered };
    });
    const { plan, fleet } = planned;
    warn(this, plan.warnings);
    registerChildren(groups, { parent: this, name, fleetName: fleet.name, late });
    this.plan = plan;
    this.endpoint = pulumi.output(late.fill(serviceAddress(groups)));
    this.summary = pulumi.output(plan.summary);
    this.registerOutputs({ endpoint: this.endpoint, summary: this.summary });
  }
}

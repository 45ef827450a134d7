/** Package entry `stowage/pulumi`. */
export type { LockMode } from '../shared/plan-source';
export { Fleet, type FleetArgs } from './fleet';

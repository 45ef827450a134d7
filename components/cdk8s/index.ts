/** Package entry `stowage/cdk8s`. */
export type { LockMode } from '../shared/plan-source';
export { Fleet, type FleetProps } from './fleet';

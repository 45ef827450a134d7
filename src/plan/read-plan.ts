import { Findings } from '../declare/findings';
import type { SourceLocation } from '../declare/fleet';
import { type Plan, planFormatVersion } from './plan';
import { planShape } from './plan-shape';
import { isObject } from './shape';

/** A file that is no plan at all would give a finding a field. */
const most = 20;

/**
 * Reads what `stowage plan --format json` printed, of this major version and any minor. Only the shape is checked: whether
 * the figures are right is `verifyPlan`'s work.
 * @param file named in errors
 * @throws StowageError STW3201, STW3202
 */
export function readPlan(text: string, file?: string): Plan {
  const findings = new Findings();
  const at = (path?: string): SourceLocation => ({
    ...(file === undefined ? {} : { file }),
    ...(path === undefined || path === '' ? {} : { path }),
  });
  const name = file ?? 'the plan';
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    findings.add('STW3201', `${name} is not JSON: ${(error as Error).message}`, at());
    findings.throwIfAny({ cause: error });
  }
  const version = isObject(value) && Object.hasOwn(value, 'formatVersion') ? value.formatVersion : undefined;
  const [, major, minor] = (typeof version === 'string' && /^(\d{1,6})\.(\d{1,6})$/.exec(version)) || [];
  const own = Number(planFormatVersion.split('.')[0]);
  if (major === undefined) {
    findings.add('STW3201', `${name} has no "formatVersion" such as "${planFormatVersion}"`, at('formatVersion'));
  } else if (Number(major) > own) {
    const message = `${name} has format version ${version}; this Stowage reads up to ${own}.x`;
    findings.add('STW3202', message, at('formatVersion'));
  } else if (Number(major) < own) {
    findings.add('STW3201', `${name} has format version ${version}, which is no longer read`, at('formatVersion'));
  }
  findings.throwIfAny();
  if (Number(minor) < 1 && isObject(value)) value = withCopies(value);
  let unlisted = 0;
  planShape(value, '', (path, message) => {
    if (findings.count < most) findings.add('STW3201', `"${path}" ${message}`, at(path));
    else unlisted++;
  });
  if (unlisted === 0 && findings.count === 0) checkSizes(value as Plan, findings, at);
  if (unlisted > 0) findings.add('STW3201', `${unlisted} more fields are missing or wrong`, at());
  findings.throwIfAny();
  return value as Plan;
}

/** Format 1.0 had each model in one shard, and neither of these fields. */
function withCopies(plan: Readonly<Record<string, unknown>>): unknown {
  const { summary, changes } = plan;
  return {
    ...plan,
    ...(isObject(summary) ? { summary: { replicaSets: summary.shards, ...summary } } : {}),
    ...(isObject(changes) ? { changes: { copies: [], ...changes } } : {}),
  };
}

/** Lists that stand for columns of one table have to be of one length. */
function checkSizes(plan: Plan, findings: Findings, at: (path: string) => SourceLocation): void {
  plan.shards.forEach(({ models, sizes }, i) => {
    const { acceleratorMemoryBytes, memoryBytes, diskBytes } = sizes;
    if ([acceleratorMemoryBytes, memoryBytes, diskBytes].every((column) => column.length === models.length)) return;
    const path = `shards[${i}].sizes`;
    if (findings.count < most) findings.add('STW3201', `"${path}" must have an entry for each model`, at(path));
  });
}

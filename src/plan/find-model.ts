import { nearest } from '../declare/findings';
import type { Fleet, Model } from '../declare/fleet';
import { diagnostic, StowageError } from '../errors/stowage-error';

/**
 * The model of a key (`tenant/name@version`), or of `tenant/name`, `name@version` or `name` where only one matches.
 * @throws StowageError STW3301 with the nearest key, STW3302 with the keys that match
 */
export function findModel(fleet: Fleet, wanted: string): Model {
  const exact = fleet.models.find((model) => model.key === wanted);
  if (exact !== undefined) return exact;
  const matches = fleet.models.filter(
    ({ name, version, tenant }) => wanted === name || wanted === `${name}@${version}` || wanted === `${tenant}/${name}`,
  );
  const [only] = matches;
  if (only !== undefined && matches.length === 1) return only;
  const shown = wanted.length > 100 ? `${wanted.slice(0, 100)}...` : wanted;
  if (only !== undefined) {
    const keys = matches.slice(0, 10).map((model) => model.key);
    const hint = `Give one of: ${keys.join(', ')}${matches.length > 10 ? ', ...' : ''}.`;
    throw new StowageError([diagnostic('STW3302', `${matches.length} models are called "${shown}"`, { hint })]);
  }
  const near = nearestKey(fleet, wanted);
  throw new StowageError([
    diagnostic('STW3301', `no model is called "${shown}"`, near === null ? {} : { hint: `Did you mean "${near}"?` }),
  ]);
}

/** A key like `wanted`, spelled as completely as `wanted` is. */
function nearestKey(fleet: Fleet, wanted: string): string | null {
  if (wanted.length > 400) return null;
  const spelled = (model: Model) => {
    const name = wanted.includes('/') ? `${model.tenant}/${model.name}` : model.name;
    return wanted.includes('@') ? `${name}@${model.version}` : name;
  };
  const near = nearest(wanted, new Set(fleet.models.map(spelled)));
  return near === null ? null : (fleet.models.find((model) => spelled(model) === near)?.key ?? null);
}

import { type Diagnostic, diagnostic } from '../errors/stowage-error';
import type { Conflict, ConflictingBudget, ConflictingModels, Relaxation } from '../plan/conflict/conflict';
import type { BudgetUsage } from '../plan/plan';
import { budgetLabel, bytes, cores, count, perHour, plural, quantity } from './units';

/** What every form of a conflict's report says, once. */

const shownKeys = 3;
const shownGroups = 5;

export function verdictSentence({ verdict, budgets }: Conflict): string {
  const which = `the ${budgets.length === 1 ? 'budget' : 'budgets'} ${listed(budgets.map(({ budget }) => budgetLabel(budget)))}`;
  if (verdict === 'proven') return `Proven: no plan of this fleet keeps ${which}.`;
  return `No plan was found that keeps ${which}; nothing proves that there is none.`;
}

export function budgetSentence({ budget, unit, used, limit, least }: ConflictingBudget): string {
  const over = used - limit;
  const says = `${budgetLabel(budget)}: the plan takes ${quantity(used, unit)} of ${quantity(limit, unit)}`;
  const much = over > 0 ? `, ${quantity(over, unit)} too much` : ', but only by breaking another';
  if (least === null || least <= 0) return `${says}${much}.`;
  return `${says}${much}; any plan takes at least ${quantity(least, unit)}.`;
}

/** The set in words, a line a group of models; how many groups are left out. */
export function modelLines({ models }: Conflict): { readonly lines: readonly string[]; readonly more: number } {
  return { lines: models.slice(0, shownGroups).map(groupText), more: Math.max(0, models.length - shownGroups) };
}

function groupText(group: ConflictingModels): string {
  const { tenant, runtime, base, nodeIsolated, pools, zones, keys, of } = group;
  const number =
    keys.length === of
      ? of === 1
        ? 'the model'
        : `all ${count(of)} models`
      : `${count(keys.length)} of ${plural(of, 'model')}`;
  const alone = group.group === 'shared' ? '' : nodeIsolated ? ' (nodes of its own)' : ' (pods of its own)';
  const where = `${pools.length === 1 ? 'pool' : 'pools'} ${pools.join(', ')}${zones.length === 0 ? '' : `, zones ${zones.join(', ')}`}`;
  return `${number} of tenant ${tenant}${alone} on ${base === null ? runtime : `${runtime} (${base})`}, ${where}: ${some(keys)}`;
}

export function setSentence(conflict: Conflict): string {
  const { models, budgets, minimal, setProven } = conflict;
  if (models.length === 0) return 'Routers and the least nodes of pools are over it without any model.';
  const number = models.reduce((sum, { keys }) => sum + keys.length, 0);
  const these = `${number === 1 ? 'This model' : `These ${count(number)} models`} alone ${number === 1 ? 'does' : 'do'} not fit within ${budgets.length === 1 ? 'it' : 'them'}${setProven ? '' : ', as far as was found'}`;
  if (minimal) {
    const each =
      budgets.length === 1 ? (number === 1 ? null : 'any one of them') : 'any one model, or any one of the budgets';
    return each === null ? `${these}.` : `${these}; without ${each} the rest does.`;
  }
  return `${these}; fewer may not, either: the search was cut short.`;
}

export function alsoSentence({ alsoBroken }: Conflict): string | null {
  if (alsoBroken.length === 0) return null;
  const one = ({ budget, used, limit, unit }: BudgetUsage) =>
    `${budgetLabel(budget)} (${quantity(used, unit)} of ${quantity(limit, unit)})`;
  return `The plan is also over ${listed(alsoBroken.map(one))}.`;
}

/** An instruction: `raise the budget L4 GPUs from 3 to 5`. */
export function relaxationText(relaxation: Relaxation): string {
  switch (relaxation.kind) {
    case 'raise': {
      const each = relaxation.budgets.map(
        ({ budget, unit, from, to }) => `${budgetLabel(budget)} from ${quantity(from, unit)} to ${enough(to, unit)}`,
      );
      return `raise the ${each.length === 1 ? 'limit' : 'limits'} of ${listed(each)}`;
    }
    case 'allow-pool':
      return `allow the pool ${relaxation.pool} for ${plural(relaxation.models.length, 'model')}: ${some(relaxation.models)}`;
    case 'repack':
      return `place all anew (--repack), which moves ${plural(relaxation.moves, 'copy', 'copies')}`;
    case 'fewer-replicas':
      return `ask for ${plural(relaxation.replicas, 'replica')} at most of ${plural(relaxation.models.length, 'model')}: ${some(relaxation.models)}`;
    case 'drop-models':
      return `leave out, or serve elsewhere, ${plural(relaxation.models.length, 'model')}: ${some(relaxation.models)}`;
  }
}

/** What is to be said beside the relaxations; null: nothing. */
export function relaxationNote({ relaxations, allTried }: Conflict): string | null {
  const found = relaxations.length > 0;
  if (allTried) return found ? null : 'No single change was found that makes the fleet fit.';
  const untried = 'not all changes were tried, as each takes a packing of the whole fleet.';
  return found ? `There may be others: ${untried}` : `No single change was found that makes the fleet fit; ${untried}`;
}

/** One finding: what conflicts, with the first relaxation as what to do. */
export function conflictDiagnostic(conflict: Conflict): Diagnostic {
  const { lines, more } = modelLines(conflict);
  const [first] = conflict.relaxations;
  const message = [
    verdictSentence(conflict),
    ...conflict.budgets.map(budgetSentence),
    setSentence(conflict),
    ...(lines.length === 0 ? [] : [`${lines.join('; ')}${more > 0 ? `; and ${count(more)} more groups` : ''}.`]),
  ].join(' ');
  const hint =
    first === undefined
      ? relaxationNote(conflict)
      : `${sentence(relaxationText(first))}: the plan then costs ${perHour(first.costMicrosPerHour)}.`;
  return diagnostic(conflict.verdict === 'proven' ? 'STW3010' : 'STW3011', message, hint === null ? {} : { hint });
}

/** A limit written so that it is no less than needed. */
function enough(value: number, unit: BudgetUsage['unit']): string {
  switch (unit) {
    case 'bytes':
      return bytes(value).endsWith('bytes') ? bytes(value) : `${count(Math.ceil(value / 2 ** 20))} MiB`;
    case 'millicores':
      return cores(value) === `${value / 1000} cores` ? cores(value) : `${value}m`;
    case 'microdollars':
      return perHour(Math.ceil(value / 10_000) * 10_000);
    default:
      return quantity(value, unit);
  }
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

function listed(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

function some(keys: readonly string[]): string {
  const rest = keys.length - shownKeys;
  return `${keys.slice(0, shownKeys).join(', ')}${rest > 0 ? ` and ${count(rest)} more` : ''}`;
}

import { byCodePoint, type Findings } from './findings';
import type { Alias, AliasTarget } from './fleet';
import type { AliasInput } from './input';
import type { At, Located } from './located';
import { remedyNear } from './names';
import { milliseconds } from './quantities';

/** Aliases in base units, sorted by key. What does not lead to models of the same tenant is a finding. */
export function resolveAliases(
  inputs: readonly AliasInput[],
  models: () => ReadonlySet<string>,
  document: Located,
  findings: Findings,
): readonly Alias[] {
  if (inputs.length === 0) return [];
  const tenants = byTenant(models());
  const seen = new Map<string, number>();
  const aliases = inputs.map((input, i): Alias => {
    const at: At = (...path) => document.at(['aliases', i, ...path]);
    const tenant = input.tenant ?? 'default';
    const key = `${tenant}/${input.name}`;
    const known = tenants.get(tenant) ?? new Map<string, string[]>();
    const first = seen.get(key);
    if (first === undefined) seen.set(key, i);
    else findings.add('STW1008', `the alias ${key} is declared twice: also as aliases[${first}]`, at('name'));
    if (known.has(input.name)) findings.add('STW1021', `"${key}" is an alias and a model`, at('name'));
    const find = (name: string, ...path: readonly PropertyKey[]): string | null =>
      modelOf(name, { tenant, key, known, tenants, location: at(...path), findings });
    const { mirror, timeoutSeconds } = input;
    const mirrored = mirror === undefined ? null : find(mirror.model, 'mirror', 'model');
    return {
      key,
      tenant,
      name: input.name,
      targets: targetsOf(input, find, key, at, findings),
      mirror: mirrored === null ? null : { model: mirrored, shareMicro: Math.round((mirror?.share ?? 1) * 1_000_000) },
      timeoutMs: timeoutSeconds === undefined ? null : milliseconds(timeoutSeconds),
      source: at(),
    };
  });
  return aliases.sort((a, b) => byCodePoint(a.key, b.key));
}

function targetsOf(
  input: AliasInput,
  find: (name: string, ...path: readonly PropertyKey[]) => string | null,
  key: string,
  at: At,
  findings: Findings,
): readonly AliasTarget[] {
  const targets = new Map<string, AliasTarget>();
  input.targets.forEach((target, i) => {
    const model = find(target.model, 'targets', i, 'model');
    if (model === null) return;
    if (targets.has(model))
      findings.add('STW1008', `the alias ${key} has the target ${model} twice`, at('targets', i, 'model'));
    targets.set(model, { model, weight: target.weight ?? 1 });
  });
  if (input.targets.every(({ weight }) => weight === 0))
    findings.add('STW1020', `all weights of the alias ${key} are 0`, at('targets'));
  return [...targets.values()].sort((a, b) => byCodePoint(a.model, b.model));
}

/** tenant -> name -> versions */
type Known = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

function byTenant(models: ReadonlySet<string>): Known {
  const tenants = new Map<string, Map<string, string[]>>();
  for (const key of models) {
    const slash = key.indexOf('/');
    const at = key.lastIndexOf('@');
    const tenant = key.slice(0, slash);
    const name = key.slice(slash + 1, at);
    const names = tenants.get(tenant) ?? new Map<string, string[]>();
    tenants.set(tenant, names);
    const versions = names.get(name);
    if (versions === undefined) names.set(name, [key.slice(at + 1)]);
    else versions.push(key.slice(at + 1));
  }
  return tenants;
}

interface Search {
  readonly tenant: string;
  readonly key: string;
  readonly known: ReadonlyMap<string, readonly string[]>;
  readonly tenants: Known;
  readonly location: ReturnType<At>;
  readonly findings: Findings;
}

/** The key of `name`, `name@version` or `tenant/name@version`; null and a finding otherwise. */
function modelOf(text: string, { tenant, key, known, tenants, location, findings }: Search): string | null {
  const slash = text.indexOf('/');
  const named = slash < 0 ? tenant : text.slice(0, slash);
  const [name = '', version, more] = text.slice(slash + 1).split('@');
  if (named !== tenant && tenants.get(named)?.has(name) === true) {
    findings.add('STW1022', `the alias ${key} leads to "${text}", a model of the tenant "${named}"`, location);
    return null;
  }
  const versions = named === tenant ? (known.get(name) ?? []) : [];
  if (version === undefined && versions.length > 1) {
    const all = [...versions].sort(byCodePoint).map((one) => `${name}@${one}`);
    const shown = all.length > 10 ? `${all.slice(0, 10).join(', ')}, ...` : all.join(', ');
    findings.add('STW1009', `the alias ${key} leads to "${text}", of which there are ${all.length}`, location, shown);
    return null;
  }
  const found = version === undefined ? versions[0] : versions.find((one) => one === version);
  if (found !== undefined && more === undefined) return `${tenant}/${name}@${found}`;
  // Beyond it, a search for each mistake would take too long.
  const few = known.size <= 5_000;
  const candidates = [...known].flatMap(([of, those]) => those.map((one) => `${of}@${one}`));
  findings.add(
    'STW1009',
    `the alias ${key} leads to "${text}", which tenant "${tenant}" does not have`,
    location,
    few ? remedyNear(version === undefined ? `${name}@1` : `${name}@${version}`, candidates) : undefined,
  );
  return null;
}

import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { brokenBudgets } from '../../../plan/make-plan';
import type { RenderedGroup } from '../../../render/objects';
import { renderFleet } from '../../../render/render';
import { toYaml } from '../../../render/yaml';
import { plural } from '../../../report/units';
import { type ExitCode, exitCodes } from '../../exit-codes';
import { notWritten, printChunks, writeFile } from '../../output';
import { refuseOverBudget } from '../../over-budget';
import { noteLock, planOf } from '../../planning';
import type { Session } from '../../session';
import type { SynthOptions } from './command';

/** First line of the files of a directory: tells ours from others', so that those of gone shards can go. */
const mark = '# Written by stowage synth: do not edit.\n';

/** Nothing is written where a hard budget is broken. */
export async function synth(given: string | undefined, options: SynthOptions, session: Session): Promise<ExitCode> {
  const planned = planOf(given, options, session);
  const broken = brokenBudgets(planned.plan);
  if (broken.length > 0) return refuseOverBudget(broken, 'Nothing was written.', session);
  session.progress.onEvent({ type: 'phase-start', phase: 'render' });
  const groups = renderFleet(planned.fleet, planned.plan);
  session.progress.end();
  session.warn(planned.plan.warnings);
  const { out } = options;
  if (out === undefined || out === '-') await printChunks(documents(groups));
  else if (/\.ya?ml$/i.test(out)) writeFile(out, [...documents(groups)].join(''));
  else session.note(`Wrote ${plural(writeDirectory(out, groups), 'file')} to ${out}.`);
  noteLock(planned, session);
  return exitCodes.ok;
}

/** The YAML group by group: it is never held whole. */
function* documents(groups: readonly RenderedGroup[]): Generator<string> {
  let first = true;
  for (const group of groups) {
    if (group.objects.length === 0) continue;
    const text = toYaml([group]);
    yield first || text.startsWith('---') ? text : `---\n${text}`;
    first = false;
  }
}

function writeDirectory(directory: string, groups: readonly RenderedGroup[]): number {
  const files = new Map(
    groups.map((group) => [group.shard === null ? 'fleet.yaml' : `shard-${group.shard}.yaml`, group]),
  );
  try {
    mkdirSync(directory, { recursive: true });
    for (const name of readdirSync(directory)) {
      if (!name.endsWith('.yaml') || files.has(name)) continue;
      const path = join(directory, name);
      if (readFileSync(path, 'utf8').startsWith(mark)) rmSync(path);
    }
  } catch (error) {
    throw notWritten(directory, error);
  }
  for (const [name, group] of files) writeFile(join(directory, name), mark + toYaml([group]));
  return files.size;
}

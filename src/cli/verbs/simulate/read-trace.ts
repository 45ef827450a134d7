import { Findings } from '../../../declare/findings';
import type { Fleet } from '../../../declare/fleet';
import { readLines } from '../../../declare/text-file';
import { diagnostic, StowageError } from '../../../errors/stowage-error';
import type { RecordedTrace } from '../../../ondemand/simulate';

const mostFindings = 100;

export interface ReadTrace extends RecordedTrace {
  /** Requests for models that the fleet does not declare. */
  readonly unknown: number;
}

/**
 * Requests from a CSV file with the columns `time_s` and `model`, in any order of time. A model is named by its key, or by
 * its name or name@version where only one has it.
 * @throws StowageError STW1001, STW1002, STW1003 with the lines, STW5007 where no request is for a model of the fleet
 */
export function readTrace(file: string, fleet: Fleet): ReadTrace {
  const findings = new Findings();
  const keys = spellings(fleet);
  const times = new Map<string, number[]>();
  let columns: { readonly time: number; readonly model: number; readonly count: number } | null = null;
  let unknown = 0;
  let last = 0;
  readLines(file, file, findings, (line, number) => {
    const text = line.trim();
    if (text === '' || findings.count >= mostFindings) return;
    const cells = text.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
    const location = { file, line: number };
    if (columns === null) {
      columns = { time: cells.indexOf('time_s'), model: cells.indexOf('model'), count: cells.length };
      if (columns.time < 0 || columns.model < 0)
        findings.add('STW1003', 'the header of a trace needs the columns time_s and model', location);
      return;
    }
    if (columns.time < 0 || columns.model < 0) return;
    const seconds = Number(cells[columns.time] || Number.NaN);
    if (cells.length !== columns.count)
      findings.add('STW1003', `the row has ${cells.length} cells where the header has ${columns.count}`, location);
    else if (!(seconds >= 0 && seconds <= 1e12))
      findings.add('STW1003', `"${clip(cells[columns.time] ?? '')}" is not a time in seconds`, location);
    else {
      const key = keys.get(cells[columns.model] ?? '');
      if (key === undefined) unknown += 1;
      else {
        last = Math.max(last, seconds);
        const own = times.get(key);
        if (own === undefined) times.set(key, [seconds]);
        else own.push(seconds);
      }
    }
  });
  findings.throwIfAny();
  if (times.size === 0)
    throw new StowageError([
      diagnostic('STW5007', `no request of ${file} is for a model of the fleet`, { location: { file } }),
    ]);
  for (const own of times.values()) own.sort((a, b) => a - b);
  return { seconds: last, times, unknown };
}

/** What a trace may call a model; a name that several have is not taken. */
function spellings(fleet: Fleet): ReadonlyMap<string, string> {
  const keys = new Map<string, string | null>();
  for (const { key, name, version, tenant } of fleet.models)
    for (const spelled of [name, `${name}@${version}`, `${tenant}/${name}`])
      keys.set(spelled, keys.has(spelled) ? null : key);
  for (const { key } of fleet.models) keys.set(key, key);
  return new Map([...keys].filter((entry): entry is [string, string] => entry[1] !== null));
}

function clip(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}

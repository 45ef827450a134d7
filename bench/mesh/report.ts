import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Section {
  readonly title: string;
  /** What was measured, and how; one paragraph each. */
  readonly notes: readonly string[];
  readonly tables: readonly Table[];
}

/** Figures of the kind "what: how much"; `asked` where issue or design name a bound. */
export function figures(rows: readonly (readonly [what: string, figure: string, asked?: string])[]): Table {
  const asked = rows.some((row) => row[2] !== undefined);
  return {
    head: ['what', 'figure', ...(asked ? ['at most'] : [])],
    rows: rows.map(([what, figure, bound = '']) => [what, figure, ...(asked ? [bound] : [])]),
  };
}

/** Shows each section as soon as it is there, and writes all of them as Markdown where a file is named. */
export class Report {
  private readonly written: string[] = [];
  private readonly loads: number[] = [];

  constructor(
    private readonly file: string | null,
    private readonly envoy: string,
    /** As they stand after `npm run bench:mesh --`. */
    private readonly options: string,
  ) {
    this.load();
  }

  /** The machine's load of the last minute, noted at each part's start and end. */
  load(): number {
    const [load = 0] = loadavg();
    this.loads.push(load);
    return load;
  }

  add({ title, notes, tables }: Section, loadBefore: number): void {
    const during = `Load average ${loadBefore.toFixed(1)} before, ${this.load().toFixed(1)} after.`;
    console.log(`\n${[title, ...notes, during].join('\n')}`);
    for (const table of tables) console.log(`\n${asText(table)}`);
    this.written.push([`## ${title}`, ...notes, during, ...tables.map(asMarkdown)].join('\n\n'));
    if (this.file !== null) writeFileSync(this.file, `${[this.intro(), ...this.written].join('\n\n')}\n`);
  }

  private intro(): string {
    const [least, most] = [Math.min(...this.loads), Math.max(...this.loads)].map((load) => load.toFixed(1));
    return `# Benchmarks of the mesh

Written by \`npm run bench:mesh -- ${this.options}\`. ${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Node ${process.version}, ${this.envoy} with one worker, all on loopback.
Other work shared the machine: its load average was between ${least} and ${most}, so times are longer than on a quiet one. CPU is Envoy's own, from \`/proc\`.
What is compared is asked in turns of half a second; ratios are medians of the turns' ratios.`;
  }
}

function asText({ head, rows }: Table): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  return [head, ...rows]
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .map((line) => line.trimEnd())
    .join('\n');
}

function asMarkdown({ head, rows }: Table): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

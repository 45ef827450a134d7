/**
 * Writes what is generated: docs/reference/cli.md from the command line's own definitions, docs/reference/errors.md from
 * the registry, schema/*.json, and the README's picture. `npm run docs`; with `--check` it writes nothing and fails where a file is not current.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Argument, Command, Option } from 'commander';
import { buildProgram } from '../src/cli/program';
import type { SchemaName } from '../src/cli/verbs/schema/command';
import { publishedSchema } from '../src/cli/verbs/schema/published-schemas';
import { loadFleet } from '../src/declare/load-fleet';
import { errorRegistry } from '../src/errors/registry';
import { planFleet } from '../src/project/plan-fleet';
import { planSvg } from '../src/report/plan-svg';

const note = '<!-- Written by `npm run docs`: do not edit. -->';

/** Text in a table's cell. */
function cell(text: string): string {
  return text.replace(/\|/g, '\\|').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

/** Aligned as the formatter would. */
function table(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = titles.map((title, i) => Math.max(3, title.length, ...rows.map((row) => (row[i] ?? '').length)));
  const line = (cells: readonly string[]) => `| ${cells.map((text, i) => text.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [line(titles), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)];
}

function optionRows(options: readonly Option[]): string[][] {
  return options.map((option) => {
    const choices = option.argChoices === undefined ? '' : ` One of: ${option.argChoices.join(', ')}.`;
    const standard = option.defaultValue === undefined ? '' : ` Default: \`${String(option.defaultValue)}\`.`;
    return [`\`${option.flags.replace(/\|/g, '\\|')}\``, cell(`${option.description}.${choices}${standard}`)];
  });
}

function argumentRows(args: readonly Argument[]): string[][] {
  return args.map((argument) => {
    const name = argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
    const choices = argument.argChoices === undefined ? '' : ` One of: ${argument.argChoices.join(', ')}.`;
    const standard = argument.defaultValue === undefined ? '' : ` Default: \`${String(argument.defaultValue)}\`.`;
    return [`\`${name}\``, cell(`${argument.description}.${choices}${standard}`)];
  });
}

function verb(command: Command, parents: string, depth: number): string[] {
  const name = `${parents} ${command.name()}`;
  const lines = [`${'#'.repeat(depth)} ${name}`, '', `${sentence(command.description())}`, ''];
  lines.push('```sh', `${name} ${command.usage().replace(/\[command\]\s*/, '')}`.trim(), '```', '');
  const rows = [...argumentRows(command.registeredArguments), ...optionRows(command.options)];
  if (rows.length > 0) lines.push(...table(['argument or option', 'meaning'], rows), '');
  for (const child of command.commands) lines.push(...verb(child, name, depth + 1));
  return lines;
}

function sentence(text: string): string {
  const full = `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return full.endsWith('.') ? full : `${full}.`;
}

export function cliPage(): string {
  const program = buildProgram();
  const exits = [
    ['0', 'done'],
    ['1', 'error: the input, the command line, a file, git; a lockfile that is not current under `--frozen`'],
    ['2', 'there are changes; only under `--detailed-exitcode`'],
    ['3', 'a hard budget is broken, always; `lock` and `synth` then write nothing'],
  ];
  const variables = [
    ['`CI`', 'where set, `plan` and `synth` are frozen if there is a lockfile'],
    ['`NO_COLOR`, `FORCE_COLOR`', 'no colour; colour also without a terminal. `--color` and `--no-color` win'],
    ['`COLUMNS`', 'width of text reports; default: the terminal, else 100'],
    ['`STOWAGE_DEBUG`', '`1`: prints the stack of an error'],
  ];
  return [
    note,
    '',
    '# Command line',
    '',
    program.description(),
    '',
    'Where a verb takes a fleet, it may be left out: then `fleet.ts`, `fleet.yaml`, `fleet.yml` or `fleet.json` of the current',
    'directory is meant. The lockfile is `stowage.lock` beside it. Errors go to standard error as',
    '`error STW1008 models.jsonl:17 name: message`, each with what to do; under `--format json` also to standard output as',
    '`{ "formatVersion": "1.0", "errors": [...] }`.',
    '',
    '## Options of every verb',
    '',
    ...table(['option', 'meaning'], optionRows(program.options)),
    '',
    '## Exit status',
    '',
    ...table(['status', 'meaning'], exits),
    '',
    '## Environment',
    '',
    ...table(['variable', 'meaning'], variables),
    '',
    ...program.commands.flatMap((command) => verb(command, 'stowage', 2)),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}

export function errorsPage(): string {
  const stages: readonly (readonly [string, string])[] = [
    ['STW1', 'Declaring'],
    ['STW2', 'Packing and verifying'],
    ['STW3', 'Planning and the lockfile'],
    ['STW4', 'Rendering'],
    ['STW5', 'Command line, project and components'],
    ['STW6', 'Mesh'],
  ];
  const entries = Object.entries(errorRegistry).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    note,
    '',
    '# Errors',
    '',
    'Every code that Stowage reports; `stowage error STW1008` prints one entry. Codes keep their meaning between versions.',
    '',
    ...stages.flatMap(([prefix, title]) => [
      `## ${title}`,
      '',
      ...entries
        .filter(([code]) => code.startsWith(prefix))
        .flatMap(([code, { title: name, cause, remedy }]) => [
          `### ${code}`,
          '',
          `**${cell(name)}**`,
          '',
          `- Cause: ${cell(cause)}`,
          `- Remedy: ${cell(remedy)}`,
          '',
        ]),
    ]),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}

/** The README's picture: a real plan of a real catalogue. */
function zooPicture(): string {
  return planSvg(planFleet(loadFleet(join(__dirname, '../examples/image-zoo/fleet.yaml'))).plan);
}

export function generatedFiles(): ReadonlyMap<string, string> {
  const schemas: readonly SchemaName[] = ['fleet', 'model', 'model-table', 'route-table'];
  return new Map([
    ['docs/reference/cli.md', cliPage()],
    ['docs/reference/errors.md', errorsPage()],
    ['docs/img/image-zoo.svg', zooPicture()],
    ...schemas.map((name) => [`schema/${name}.json`, `${JSON.stringify(publishedSchema(name), null, 2)}\n`] as const),
  ]);
}

function main(): void {
  const root = join(__dirname, '..');
  const check = process.argv.includes('--check');
  for (const [file, text] of generatedFiles()) {
    const path = join(root, file);
    if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
    if (check) {
      process.exitCode = 1;
      console.error(`${file} is not current: run npm run docs`);
      continue;
    }
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    console.log(`wrote ${file}`);
  }
}

if (require.main === module) main();

/** What the mesh's routing costs and how fast it changes, on the real Envoy: `npm run bench:mesh -- --help`. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { coreSection, scopesSection } from './core';
import { grpcSection } from './grpc';
import { meshdSection } from './meshd';
import { Processes } from './processes';
import { Report, type Section } from './report';
import { seldonSection } from './seldon';
import { soakSection } from './soak';

const help = `Measures the mesh on the real Envoy (scripts/mesh-parts.sh envoy). Traffic is on loopback only.

  npm run bench:mesh [-- PART... OPTION...]

Parts (default: --core), each bounded in time:
  --core         start, changes, CPU a request, restart: Envoy and the xDS server   2 min
  --meshd        the real meshd with agents of 1,000 pods                           2 min
  --seldon       beside a configuration with 2 clusters and 2 routes a model        4 min
  --grpc         CPU of a ModelInfer against a bare gRPC route                      2 min
  --scopes N     start and changes with N models, such as 1000000                   3 min
  --soak S       memory over S seconds of moves and requests                        S + 1 min
  --all          all of these: --scopes 1000000, --soak 600

Options:
  --models N     of core, meshd and grpc (100000)
  --shards N     (1000)
  --copies N     pods of each set, in core (1)
  --rounds N     turns of requests (20)
  --seconds S    of each turn (0.5)
  --envoy FILE   Envoy's binary
  --out FILE     writes the report as Markdown, part by part
`;

const { values: given } = parseArgs({
  options: {
    core: { type: 'boolean', default: false },
    meshd: { type: 'boolean', default: false },
    seldon: { type: 'boolean', default: false },
    grpc: { type: 'boolean', default: false },
    scopes: { type: 'string' },
    soak: { type: 'string' },
    all: { type: 'boolean', default: false },
    models: { type: 'string', default: '100000' },
    shards: { type: 'string', default: '1000' },
    copies: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '0.5' },
    envoy: { type: 'string' },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

type Part = (processes: Processes) => Promise<Section>;

function chosenParts(): readonly Part[] {
  const { all } = given;
  const sizes = { models: Number(given.models), shards: Number(given.shards), copies: Number(given.copies) };
  const turns = { rounds: Number(given.rounds), seconds: Number(given.seconds) };
  const scopes = Number(given.scopes ?? (all ? 1_000_000 : 0));
  const soak = Number(given.soak ?? (all ? 600 : 0));
  const other = given.meshd || given.seldon || given.grpc || scopes > 0 || soak > 0;
  const parts: readonly [wanted: boolean, part: Part][] = [
    [all || given.core || !other, (processes) => coreSection(processes, sizes, turns)],
    [all || given.meshd, (processes) => meshdSection(processes, sizes)],
    [all || given.seldon, (processes) => seldonSection(processes, turns)],
    [all || given.grpc, (processes) => grpcSection(processes, sizes, turns)],
    [soak > 0, (processes) => soakSection(processes, soak)],
    [scopes > 0, (processes) => scopesSection(processes, { ...sizes, models: scopes })],
  ];
  return parts.filter(([wanted]) => wanted).map(([, part]) => part);
}

/** The options that say what was measured; no paths of this machine. */
function asGiven(): string {
  const { envoy: _, out: __, ...said } = given;
  return Object.entries(said)
    .filter(
      ([name, value]) =>
        value !== false && (typeof value === 'boolean' || process.argv.some((it) => it.startsWith(`--${name}`))),
    )
    .map(([name, value]) => (value === true ? `--${name}` : `--${name} ${value}`))
    .join(' ');
}

async function main(): Promise<void> {
  if (given.help) return console.log(help);
  const { STOWAGE_PARTS, XDG_CACHE_HOME, HOME } = process.env;
  const folder = STOWAGE_PARTS ?? join(XDG_CACHE_HOME ?? `${HOME}/.cache`, 'stowage-parts');
  const binary = given.envoy ?? join(folder, 'envoy/bin/envoy');
  if (!existsSync(binary)) throw new Error(`no Envoy: run scripts/mesh-parts.sh envoy, or name one with --envoy`);
  const version = /\/(\d[^/]*)\//.exec(execFileSync(binary, ['--version'], { encoding: 'utf8' }))?.[1] ?? 'unknown';
  const report = new Report(given.out ?? null, `Envoy ${version}`, asGiven());
  for (const part of chosenParts()) {
    const processes = new Processes(binary);
    const before = report.load();
    try {
      report.add(await part(processes), before);
    } catch (error) {
      // The others may still tell something.
      console.error((error as Error).message);
      process.exitCode = 1;
    } finally {
      processes.end();
    }
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
main().catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});

import type { Fleet } from '../../../declare/fleet';
import { isOnDemand, requestRate } from '../../../ondemand/rates';
import { simulate } from '../../../ondemand/simulate';
import { sharingClasses } from '../../../pack/sharing';
import { simulationMarkdown, simulationText } from '../../../report/simulation-report';
import { deliver, json } from '../../output';
import { noteLock, planOf } from '../../planning';
import type { Session } from '../../session';
import type { SimulateOptions } from './command';
import { readTrace } from './read-trace';

const mostRequests = 1_000_000;
const mostHours = 24;

export function simulateFleet(given: string | undefined, options: SimulateOptions, session: Session): void {
  const planned = planOf(given, { ...options, frozen: false }, session);
  const { fleet, plan } = planned;
  const trace = options.trace === undefined ? null : readTrace(options.trace, fleet);
  session.progress.end();
  if (trace !== null && trace.unknown > 0)
    session.note(`${trace.unknown} of the trace's requests are for models that the fleet does not declare: left out.`);
  const simulation = simulate(fleet, plan.shards, sharingClasses(fleet), {
    seed: options.seed,
    seconds: options.hours === undefined ? usualSeconds(fleet) : options.hours * 3600,
    bursts: options.bursts === true,
    trace,
    room: options.room,
  });
  const color = options.out === undefined && session.out.color;
  if (simulation.onDemandModels === 0) session.note('The fleet has no on-demand models: nothing is simulated.');
  if (options.format === 'json') deliver(json(simulation), options.out);
  else if (options.format === 'markdown') deliver(simulationMarkdown(simulation), options.out);
  else deliver(simulationText(simulation, { ...session.out, color, verbose: options.details === true }), options.out);
  noteLock(planned, session);
}

/** A day, or as long as a million requests last. */
function usualSeconds(fleet: Fleet): number {
  const rate = fleet.models.filter(isOnDemand).reduce((sum, model) => sum + requestRate(model), 0);
  return Math.max(1, Math.round(Math.min(mostHours * 3600, mostRequests / rate)));
}

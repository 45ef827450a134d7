#!/usr/bin/env node
import { StowageError } from '../errors/stowage-error';
import { Agent } from './agent';
import { fetchBase } from './fetch-base';
import { logToStderr } from './log';
import { agentError, reasonOf } from './reason';
import { readSettings } from './settings';

/** `agent`: serves until it is told to stop. `agent fetch-base`: brings the base model, then ends. */
async function main(args: readonly string[]): Promise<void> {
  if (args.length === 1 && args[0] === 'fetch-base') return fetchBase(process.env, logToStderr);
  if (args.length > 0) throw agentError('STW6106', `unknown argument "${args.join(' ')}": there is only fetch-base`);
  const agent = new Agent(readSettings(process.env), logToStderr);
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    agent
      .drain()
      .then(() => agent.stop())
      .then(
        () => process.exit(0),
        () => process.exit(1),
      );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  await agent.start();
  logToStderr('info', 'the agent is up');
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const hint = StowageError.is(error) ? { hint: error.diagnostics[0]?.hint } : {};
  logToStderr('error', reasonOf(error), hint);
  process.exit(1);
});

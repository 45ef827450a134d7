import { setTimeout as sleep } from 'node:timers/promises';
import { diagnostic, StowageError } from '../../../errors/stowage-error';
import { readState } from '../../../local/directory';
import { fetchState } from '../../../local/state';
import { stateText } from '../../../report/state-text';
import { defaultControl } from '../../endpoints';
import { type ExitCode, exitCodes } from '../../exit-codes';
import { requireUrl, wrongCommandLine } from '../../failure';
import { json, print } from '../../output';
import type { Session } from '../../session';
import type { StatusOptions } from './command';

const everyMs = 1000;
const clearScreen = '\u001b[H\u001b[2J\u001b[3J';

export async function status(options: StatusOptions, session: Session): Promise<ExitCode> {
  const control = controlOf(options);
  const models = options.all === true || options.format === 'json' ? 'all' : 'problems';
  const show = async (): Promise<string> => {
    const state = await fetchState(control, { models });
    if (options.format === 'text') return stateText(state, { ...session.out, verbose: options.all === true });
    return options.watch === true ? `${JSON.stringify(state)}\n` : json(state);
  };
  if (options.watch !== true) {
    print(await show());
    return exitCodes.ok;
  }
  const wipe = options.format === 'text' && process.stdout.isTTY === true ? clearScreen : '';
  let shown = '';
  while (true) {
    // A meshd that starts again is waited for, and that is said.
    const now = await show().catch((error: unknown) => {
      if (StowageError.is(error) && options.format === 'text') return `${error.message}\n`;
      throw error;
    });
    if (now !== shown) print(`${wipe}${now}`);
    shown = now;
    await sleep(everyMs);
  }
}

function controlOf({ endpoint, dir }: StatusOptions): string {
  if (endpoint !== undefined && dir !== undefined) wrongCommandLine('--endpoint and --dir name two meshes: give one');
  if (dir !== undefined) {
    const state = readState(dir);
    if (state === null) throw new StowageError([diagnostic('STW6206', `no mesh runs in ${dir}: it has no local.json`)]);
    return state.control;
  }
  const control = endpoint ?? defaultControl;
  requireUrl(control);
  return control;
}

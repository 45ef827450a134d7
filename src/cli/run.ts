import type { CommanderError } from 'commander';
import { reportFailure } from './failure';
import { handleClosedPipes } from './output';
import { buildProgram } from './program';

/** Runs the command line and sets the process's exit status; never throws. */
export async function run(args: readonly string[]): Promise<void> {
  handleClosedPipes();
  try {
    await buildProgram().parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (isHelp(error)) process.exitCode = (error as CommanderError).exitCode;
    else process.exitCode = reportFailure(error, args);
  }
}

/** commander ends `--help` and `--version` by throwing. */
function isHelp(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === 'commander.helpDisplayed' || code === 'commander.version' || code === 'commander.help';
}

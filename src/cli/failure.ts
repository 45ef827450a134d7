import { type Diagnostic, diagnostic, StowageError } from '../errors/stowage-error';
import { exitCodes } from './exit-codes';
import { errorOptions } from './terminal';

/** Prints what went wrong (never a stack, but under STOWAGE_DEBUG) and gives the exit status. */
export function reportFailure(error: unknown, args: readonly string[]): number {
  const diagnostics = diagnosticsOf(error);
  const { diagnosticsText } = require('../report/diagnostics-text') as typeof import('../report/diagnostics-text');
  const color = args.includes('--no-color') ? false : args.includes('--color') ? true : undefined;
  const verbose = args.includes('--all-errors');
  process.stderr.write(diagnosticsText(diagnostics, { ...errorOptions(color), verbose }));
  if (wantsJson(args))
    process.stdout.write(`${JSON.stringify({ formatVersion: '1.0', errors: diagnostics }, null, 2)}\n`);
  if (process.env.STOWAGE_DEBUG === '1' && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  return exitCodes.error;
}

/** What an error says to a user: anything that is no StowageError or wrong command line is a bug of ours. */
export function diagnosticsOf(error: unknown): readonly Diagnostic[] {
  if (StowageError.is(error)) return error.diagnostics;
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && code.startsWith('commander.')) return [commandLine(String(message))];
  return [diagnostic('STW5999', `internal error: ${typeof message === 'string' ? message : String(error)}`)];
}

/** commander's message: `error: unknown option '--foo'`, with a suggestion on a line of its own. */
function commandLine(message: string): Diagnostic {
  const [first = '', suggestion] = message.replace(/^error: /, '').split('\n');
  const hint = suggestion === undefined ? undefined : suggestion.replace(/^\(|\)$/g, '');
  return diagnostic('STW5002', first, hint === undefined ? {} : { hint });
}

/** Read from the arguments themselves: they may be what is wrong. */
function wantsJson(args: readonly string[]): boolean {
  return args.some(
    (arg, i) => /^(--format=|-f=?)json$/.test(arg) || ((arg === '--format' || arg === '-f') && args[i + 1] === 'json'),
  );
}

/** @throws StowageError STW5002 */
export function wrongCommandLine(message: string, hint?: string): never {
  throw new StowageError([diagnostic('STW5002', message, hint === undefined ? {} : { hint })]);
}

/** @throws StowageError STW5002 */
export function requireUrl(text: string): void {
  const protocol = URL.canParse(text) ? new URL(text).protocol : '';
  if (protocol !== 'http:' && protocol !== 'https:') wrongCommandLine(`"${text}" is no http:// or https:// address`);
}

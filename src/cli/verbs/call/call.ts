import { callModel } from '../../../local/call-model';
import { type ExitCode, exitCodes } from '../../exit-codes';
import { requireUrl, wrongCommandLine } from '../../failure';
import { json, print } from '../../output';
import type { Session } from '../../session';
import type { CallVerbOptions } from './command';

export async function call(model: string, options: CallVerbOptions, session: Session): Promise<ExitCode> {
  const { endpoint, data = null, header = [] } = options;
  requireUrl(endpoint);
  const answer = await callModel(model, { endpoint, data, headers: Object.fromEntries(header.map(headerOf)) });
  session.progress.end();
  print(readable(answer));
  return exitCodes.ok;
}

function headerOf(text: string): [string, string] {
  const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined)
    wrongCommandLine(`"${text}" is no header: it looks like "name: value"`);
  return [name, value];
}

function readable(text: string): string {
  try {
    return json(JSON.parse(text));
  } catch {
    return text === '' || text.endsWith('\n') ? text : `${text}\n`;
  }
}

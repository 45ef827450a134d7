import { StowageError } from '../../errors/stowage-error';
import { agentError, reasonOf } from '../reason';
import { type HttpHeaders, statusOf } from './http-file';

export interface Answer {
  readonly response: Response;
  readonly text: string;
}

/** Of lists and manifests. */
const longest = 64 * 2 ** 20;

/**
 * A small answer as a whole. Only such of status 2xx, or of `also`, come back.
 * @throws StowageError STW6102
 */
export async function ask(
  url: URL,
  shown: string,
  options: { readonly headers?: HttpHeaders; readonly signal: AbortSignal; readonly post?: URLSearchParams },
  also: readonly number[] = [],
): Promise<Answer> {
  const { headers = {}, signal, post } = options;
  try {
    const init = post === undefined ? {} : { method: 'POST', body: post };
    const response = await fetch(url, { ...init, headers, signal });
    const text = await bounded(response);
    if (response.ok || also.includes(response.status)) return { response, text };
    throw agentError('STW6102', `${shown}: ${statusOf(response)}${reasonIn(text)}`);
  } catch (error) {
    if (StowageError.is(error)) throw error;
    throw agentError('STW6102', `${shown}: ${reasonOf(error)}`, error);
  }
}

async function bounded(response: Response): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.length;
    if (bytes > longest) throw new Error('the answer is too long');
    parts.push(Buffer.from(part));
  }
  return Buffer.concat(parts).toString('utf8');
}

/** The shape of a JSON answer, which nobody has checked. */
export function json<T>({ text }: Answer, shown: string): T {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as T;
  } catch {
    // Told below.
  }
  throw agentError('STW6102', `${shown}: the answer is not JSON`);
}

/** `{"error":{"message"}}` of Google, `{"error"}` of Hugging Face, `{"errors":[{"code","message"}]}` of registries. */
function reasonIn(text: string): string {
  try {
    const { error, error_description: description, errors } = JSON.parse(text) as Record<string, unknown>;
    const [first] = Array.isArray(errors) ? (errors as { code?: string; message?: string }[]) : [];
    const told =
      (typeof error === 'string' ? error : (error as { message?: string } | undefined)?.message) ??
      [first?.code, first?.message].filter((part) => part).join(': ');
    const all = [told, description].filter((part) => typeof part === 'string' && part !== '').join(': ');
    return all === '' ? '' : `: ${all}`;
  } catch {
    return '';
  }
}

import { readFileSync } from 'node:fs';
import { reason } from '../declare/text-file';
import { diagnostic, StowageError } from '../errors/stowage-error';

export interface CallOptions {
  /** Of the router's REST listener: `http://host:port`, with or without a path before `/v2`. */
  readonly endpoint: string;
  /** JSON of a request's body or of an array, or `@file`; null: asks for the model's metadata. */
  readonly data: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/**
 * One inference by the Open Inference Protocol; the answer's JSON text. The model is asked for by name, `name@version`,
 * `tenant/name` or `tenant/name@version`.
 * @throws StowageError STW6206 to STW6208
 */
export async function callModel(model: string, options: CallOptions): Promise<string> {
  const { data, headers = {}, timeoutMs = 60_000 } = options;
  const url = `${options.endpoint.replace(/\/+$/, '')}${modelPath(model)}${data === null ? '' : '/infer'}`;
  const request: RequestInit =
    data === null
      ? { headers: { ...headers } }
      : { method: 'POST', body: bodyOf(data), headers: { 'content-type': 'application/json', ...headers } };
  const { status, text } = await fetchText(url, request, timeoutMs);
  if (status >= 200 && status < 300) return text;
  throw new StowageError([diagnostic('STW6207', `${model}: HTTP ${status} ${shorten(text)}`.trim())]);
}

/** `/v2/models/...`, as clients of the mesh spell a model. */
export function modelPath(model: string): string {
  const [, tenant, name = '', version] = /^(?:([^/]*)\/)?([^@]*)(?:@(.*))?$/.exec(model) ?? [];
  const encode = encodeURIComponent;
  const asked = tenant === undefined ? encode(name) : `${encode(tenant)}~${encode(name)}`;
  return `/v2/models/${asked}${version === undefined ? '' : `/versions/${encode(version)}`}`;
}

/** The body of an inference request. @throws StowageError STW6208 */
export function bodyOf(data: string): string {
  const text = data.startsWith('@') ? readData(data.slice(1)) : data;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unusable(`not JSON: ${reason(error)}`);
  }
  if (Array.isArray(value)) return JSON.stringify({ inputs: [tensorOf(value)] });
  if (typeof value !== 'object' || value === null) throw unusable('neither an object nor an array');
  return JSON.stringify(value);
}

/** An array of numbers, booleans or texts, nested evenly, as the protocol's tensor. */
function tensorOf(rows: readonly unknown[]): Record<string, unknown> {
  const shape: number[] = [];
  for (let level: unknown = rows; Array.isArray(level); level = level[0]) shape.push(level.length);
  let flat: unknown[] = [...rows];
  for (const length of shape.slice(1)) {
    if (!flat.every((row) => Array.isArray(row) && row.length === length)) throw unusable('rows of unequal length');
    flat = flat.flat(1);
  }
  const kinds = new Set(flat.map((item) => typeof item));
  const [kind] = kinds;
  const datatype = { number: 'FP64', boolean: 'BOOL', string: 'BYTES' }[String(kind)];
  if (kinds.size !== 1 || datatype === undefined)
    throw unusable('an array that is not all numbers, all booleans or all texts');
  return { name: 'input', datatype, shape, data: flat };
}

function readData(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw unusable(`cannot read ${path}: ${reason(error)}`);
  }
}

function unusable(message: string): StowageError {
  return new StowageError([diagnostic('STW6208', `--data: ${message}`)]);
}

export interface TextResponse {
  readonly status: number;
  readonly text: string;
}

/** @throws StowageError STW6206 */
export async function fetchText(url: string, request: RequestInit, timeoutMs: number): Promise<TextResponse> {
  try {
    const response = await fetch(url, { ...request, signal: AbortSignal.timeout(timeoutMs) });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    const { cause } = error as { cause?: unknown };
    throw new StowageError([diagnostic('STW6206', `no answer from ${url}: ${reason(cause ?? error)}`)], {
      cause: error,
    });
  }
}

function shorten(text: string): string {
  return text.length > 600 ? `${text.slice(0, 600)}...` : text;
}

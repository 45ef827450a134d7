import { request } from 'node:http';

/** The address of the pod that answers a request; null: it was not answered with 200. */
export function answeredFrom(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string | null> {
  return new Promise((done) => {
    const sent = request({ host: '127.0.0.1', port, method: 'POST', path, headers, timeout: 2000 }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => done(response.statusCode === 200 ? (JSON.parse(body) as { at: string }).at : null));
      response.on('error', () => done(null));
    });
    sent.on('error', () => done(null));
    sent.on('timeout', () => sent.destroy());
    sent.end('{}');
  });
}

export async function until(condition: () => Promise<boolean>, what: string, limitMs = 300_000): Promise<void> {
  const limit = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > limit) throw new Error(`gave up waiting: ${what}`);
    await new Promise((done) => setTimeout(done, 2));
  }
}

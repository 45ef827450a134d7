import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpGet, Probe } from './objects';

/** Asks again and again, and tells each verdict: enough answers in a row, or enough failures in a row. */
export function startProbe(
  { initialDelaySeconds = 0, periodSeconds = 10, timeoutSeconds = 1, ...thresholds }: Probe,
  ask: (timeoutMs: number) => Promise<void>,
  onVerdict: (healthy: boolean) => void,
): () => void {
  const { successThreshold = 1, failureThreshold = 3 } = thresholds;
  const stopped = new AbortController();
  const { signal } = stopped;
  const pause = (seconds: number) => sleep(seconds * 1000, undefined, { signal }).catch(() => undefined);
  const loop = async (): Promise<void> => {
    let [answers, failures] = [0, 0];
    await pause(initialDelaySeconds);
    while (!signal.aborted) {
      const healthy = await ask(timeoutSeconds * 1000).then(
        () => true,
        () => false,
      );
      if (signal.aborted) return;
      answers = healthy ? answers + 1 : 0;
      failures = healthy ? 0 : failures + 1;
      if (answers >= successThreshold) onVerdict(true);
      if (failures >= failureThreshold) {
        failures = 0;
        onVerdict(false);
      }
      await pause(periodSeconds);
    }
  };
  void loop();
  return () => stopped.abort();
}

/** The same patience with shorter pauses, so that a test need not wait for a probe that comes every ten seconds. */
export function hastened(probe: Probe, everySeconds: number): Probe {
  const { periodSeconds = 10, failureThreshold = 3 } = probe;
  if (periodSeconds <= everySeconds) return probe;
  const failures = Math.ceil((failureThreshold * periodSeconds) / everySeconds);
  return { ...probe, periodSeconds: everySeconds, failureThreshold: failures };
}

/** @throws Error unless the answer's status is 200 to 399 */
export function httpGet(address: string, port: number, { path = '/' }: HttpGet, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: address, port, path, agent: false }, (response) => {
      response.resume();
      response.on('error', reject);
      response.on('end', () => {
        clearTimeout(timer);
        const { statusCode = 0 } = response;
        if (statusCode >= 200 && statusCode < 400) resolve();
        else reject(new Error(`HTTP ${statusCode}`));
      });
    });
    const timer = setTimeout(() => sent.destroy(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
    sent.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    sent.end();
  });
}

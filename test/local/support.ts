import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';

const made: string[] = [];

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'stowage-test-'));
  made.push(directory);
  return directory;
}

export function removeDirectories(): void {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
}

/** Waits up to 30 s for something to hold. */
export async function until(met: () => boolean | Promise<boolean>, what = 'what is waited for'): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (await met()) return;
    await sleep(50);
  }
  expect.fail(`${what} did not come`);
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

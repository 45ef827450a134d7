import { spawn } from 'node:child_process';
import { appendFileSync, closeSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bin } from '../bed';

/** Ends the bed's API server without notice; what is returned starts it again, just as it was. */
export function killApiServer(kubeconfig: string): () => void {
  const run = dirname(kubeconfig);
  const program = join(bin, 'kube-apiserver');
  const pids = readFileSync(join(run, 'pids'), 'utf8').trim().split('\n').map(Number);
  const found = pids.map((pid) => ({ pid, argv: argvOf(pid) })).find(({ argv }) => argv[0] === program);
  if (found === undefined) throw new Error('the bed has no API server');
  process.kill(found.pid, 'SIGKILL');
  return () => {
    const log = openSync(join(run, 'logs', 'kube-apiserver.log'), 'a');
    const child = spawn(program, found.argv.slice(1), { detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
    child.unref();
    appendFileSync(join(run, 'pids'), `${child.pid}\n`);
  };
}

function argvOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}

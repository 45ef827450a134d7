import { readdir, readFile, readlink } from 'node:fs/promises';
import { isIP } from 'node:net';

/**
 * The process that listens at an address, where the agent can see it: on the same machine, as the same user. In a pod it
 * cannot: its containers do not see each other's processes.
 */
export async function listeningProcess(host: string, port: number): Promise<number | null> {
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((kind) => readFile(`/proc/net/${kind}`, 'utf8').catch(() => '')),
  );
  const sockets = new Set(tables.flatMap((table) => listeningSockets(table, host, port)));
  if (sockets.size === 0) return null;
  const holders: number[] = [];
  for (const name of await readdir('/proc')) {
    if (/^\d+$/.test(name) && (await holds(name, sockets))) holders.push(Number(name));
  }
  // Workers inherit it: the oldest process is the server itself.
  const parents = await Promise.all(holders.map(parentOf));
  return holders.find((_, i) => !holders.includes(parents[i] ?? 0)) ?? null;
}

const listening = '0A';

/** Of `/proc/net/tcp`: the inodes of sockets that listen there. Addresses are hexadecimal, in the machine's own order. */
function listeningSockets(table: string, host: string, port: number): string[] {
  const place = port.toString(16).toUpperCase().padStart(4, '0');
  const address = isIP(host) === 4 ? Buffer.from(host.split('.').map(Number)).reverse().toString('hex') : null;
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , , , inode = '0'] = line.trim().split(/\s+/);
    const [own = '', at] = local.split(':');
    if (state !== listening || at !== place || inode === '0') return [];
    const fits = address === null || /^0+$/.test(own) || own.toLowerCase().endsWith(address);
    return fits ? [`socket:[${inode}]`] : [];
  });
}

async function holds(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  for (const file of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
    if (sockets.has(await readlink(`/proc/${pid}/fd/${file}`).catch(() => ''))) return true;
  }
  return false;
}

async function parentOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1] ?? 0);
}

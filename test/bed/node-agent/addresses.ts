/** Loopback addresses for pods: 127.x.y.1 to 127.x.y.254, a network for each test process. */
export class Addresses {
  private readonly network = `127.${192 + (process.pid % 60)}.${Math.floor(process.pid / 60) % 256}`;
  private readonly taken = new Set<string>();
  private last = 0;

  /** Not soon one that another pod has just given back: as on a cluster. */
  take(): string {
    for (let tries = 0; tries < 254; tries++) {
      this.last = (this.last % 254) + 1;
      const address = `${this.network}.${this.last}`;
      if (this.taken.has(address)) continue;
      this.taken.add(address);
      return address;
    }
    throw new Error('a bed has 254 pods at most');
  }

  giveBack(address: string): void {
    this.taken.delete(address);
  }
}

/** What a simulation does later, the earliest first; of equal times what was added first. A binary heap. */
export class EventQueue {
  private readonly times: number[] = [];
  private readonly orders: number[] = [];
  private readonly kinds: number[] = [];
  private readonly subjects: number[] = [];
  private count = 0;

  /** Infinity: nothing is left. */
  get nextTime(): number {
    return this.times[0] ?? Number.POSITIVE_INFINITY;
  }

  add(time: number, kind: number, subject: number): void {
    let at = this.times.length;
    const order = this.count++;
    this.place(at, time, order, kind, subject);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.before(at, parent)) return;
      this.swap(at, parent);
      at = parent;
    }
  }

  /** Takes the first. */
  take(): { readonly kind: number; readonly subject: number } {
    const first = { kind: this.kinds[0] as number, subject: this.subjects[0] as number };
    this.swap(0, this.times.length - 1);
    for (const list of [this.times, this.orders, this.kinds, this.subjects]) list.pop();
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= this.times.length) return first;
      const child = left + 1 < this.times.length && this.before(left + 1, left) ? left + 1 : left;
      if (!this.before(child, at)) return first;
      this.swap(at, child);
      at = child;
    }
  }

  private before(a: number, b: number): boolean {
    const difference = (this.times[a] as number) - (this.times[b] as number);
    return difference < 0 || (difference === 0 && (this.orders[a] as number) < (this.orders[b] as number));
  }

  private place(at: number, time: number, order: number, kind: number, subject: number): void {
    this.times[at] = time;
    this.orders[at] = order;
    this.kinds[at] = kind;
    this.subjects[at] = subject;
  }

  private swap(a: number, b: number): void {
    const [time, order, kind, subject] = [this.times[a], this.orders[a], this.kinds[a], this.subjects[a]] as number[];
    this.place(
      a,
      this.times[b] as number,
      this.orders[b] as number,
      this.kinds[b] as number,
      this.subjects[b] as number,
    );
    this.place(b, time as number, order as number, kind as number, subject as number);
  }
}

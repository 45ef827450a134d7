import { type Group, inForce, type ModelRecord, type PodRecord, type Slot, without } from './records';

type Draining =
  | { readonly model: ModelRecord; readonly slot: Slot; until: number }
  | { readonly pod: PodRecord; readonly group: Group; until: number };

/** What Envoy may act upon: all that was pushed and not yet replaced by something acknowledged, and then drained. */
export class InForce {
  private retiring: Draining[] = [];
  private acknowledged: Draining[] = [];
  private readonly drains: Draining[] = [];
  /** What changed since it was last taken: groups, and models that lost a slot. */
  private touched = new Set<Group>();
  private ended = new Set<ModelRecord>();

  constructor(private readonly drainMs: number) {}

  /** The model's route will point to another group from the next push on. */
  move(model: ModelRecord, to: Group | null): void {
    const from = model.target;
    if (from !== null) {
      this.touched.add(from);
      from.routed--;
      const slot = model.slot(from);
      if (slot !== undefined) this.retiring.push({ model, slot, until: 0 });
    }
    model.target = to;
    if (to === null) return;
    this.touched.add(to);
    to.routed++;
    to.models.add(model);
    const slot = model.slot(to);
    if (slot === undefined) model.slots = [...model.slots, { group: to, until: inForce }];
    else slot.until = inForce;
  }

  setMembers(group: Group, members: ReadonlySet<PodRecord>): void {
    for (const pod of group.members) {
      if (members.has(pod)) continue;
      this.touched.add(group);
      this.retiring.push({ pod, group, until: 0 });
    }
    for (const pod of members) {
      const sent = group.sent.get(pod);
      if (sent === inForce) continue;
      this.touched.add(group);
      if (sent === undefined) pod.sentBy++;
      group.sent.set(pod, inForce);
    }
    group.members = members;
  }

  /** Envoy holds the last push and nothing before it. */
  acked(): void {
    this.acknowledged = this.acknowledged.concat(this.retiring);
    this.retiring = [];
  }

  /** Starts and ends drains. Returns the groups of which something changed since the last call, and drained models. */
  tick(nowMs: number): { groups: ReadonlySet<Group>; models: ReadonlySet<ModelRecord> } {
    for (const item of this.acknowledged) {
      if (this.wanted(item)) continue;
      item.until = nowMs + this.drainMs;
      if ('slot' in item) {
        item.slot.until = item.until;
        this.touched.add(item.slot.group);
      } else {
        item.group.sent.set(item.pod, item.until);
        this.touched.add(item.group);
      }
      this.drains.push(item);
    }
    this.acknowledged = [];
    let due = 0;
    for (const item of this.drains) {
      if (item.until > nowMs) break;
      due++;
      this.end(item);
    }
    this.drains.splice(0, due);
    const changed = { groups: this.touched, models: this.ended };
    this.touched = new Set();
    this.ended = new Set();
    return changed;
  }

  private wanted(item: Draining): boolean {
    return 'slot' in item ? item.model.target === item.slot.group : item.group.members.has(item.pod);
  }

  private end(item: Draining): void {
    if ('slot' in item) {
      const { model, slot } = item;
      // Ended already, taken up again, or draining anew.
      if (!model.slots.includes(slot) || slot.until !== item.until) return;
      model.slots = without(model.slots, slot);
      slot.group.models.delete(model);
      this.ended.add(model);
      this.touched.add(slot.group);
    } else if (item.group.sent.get(item.pod) === item.until) {
      item.group.sent.delete(item.pod);
      item.pod.sentBy--;
      this.touched.add(item.group);
    }
  }
}

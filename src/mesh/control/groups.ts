import { createHash } from 'node:crypto';
import { Group, type Part, type ShardRecord } from './records';

const keyOf = ({ shard, pod }: Part): string => (pod === null ? shard.id : `${shard.id}@${pod}`);

/**
 * A group's name: the shard's id, or `shard@pod`, where that is all of it; else its first part, how many others there
 * are, and a hash of all. The same in every router, whatever happened before.
 */
export function groupName(keys: readonly string[]): string {
  const [first = ''] = keys;
  if (keys.length === 1) return first;
  const hash = createHash('sha256').update(keys.join(' ')).digest('hex').slice(0, 16);
  return `${first.slice(0, 32)}+${keys.length - 1}.${hash}`;
}

/** All groups that are in use, or about to be. */
export class Groups {
  private readonly byKey = new Map<string, Group>();
  private made: Group[] = [];

  /** The group of all pods of one shard. */
  ofShard(shard: ShardRecord): Group {
    return this.byKey.get(shard.id) ?? this.make(shard.id, [{ shard, pod: null }]);
  }

  /** The group of these parts, in any order; `parts` is not empty. */
  of(parts: readonly Part[]): Group {
    if (parts.length === 1) {
      const key = keyOf(parts[0] as Part);
      return this.byKey.get(key) ?? this.make(key, parts);
    }
    const keyed = parts.map((part) => ({ part, key: keyOf(part) })).sort((a, b) => (a.key < b.key ? -1 : 1));
    const key = keyed.map((one) => one.key).join(' ');
    return (
      this.byKey.get(key) ??
      this.make(
        key,
        keyed.map(({ part }) => part),
      )
    );
  }

  forgetIfUnused(group: Group): boolean {
    if (group.wanted + group.routed + group.models.size + group.sent.size > 0) return false;
    if (this.byKey.get(group.key) !== group) return false;
    for (const { shard } of group.parts) shard.groups.delete(group);
    return this.byKey.delete(group.key);
  }

  /** Forgets what was only looked at since the last call. */
  sweep(): void {
    for (const group of this.made) this.forgetIfUnused(group);
    this.made = [];
  }

  private make(key: string, parts: readonly Part[]): Group {
    const group = new Group(key, groupName(key.split(' ')), parts);
    this.byKey.set(key, group);
    this.made.push(group);
    for (const { shard } of parts) shard.groups.add(group);
    return group;
  }
}

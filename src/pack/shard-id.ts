import { createHash } from 'node:crypto';

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/**
 * A name for a new shard: from the first model it is created for, so that two branches that add different models choose
 * different names, and free of meaning afterwards. `taken` makes a collision choose again.
 */
export function newShardId(firstModel: string, taken: ReadonlySet<string>): string {
  for (let attempt = 0; ; attempt++) {
    const digest = createHash('sha256')
      .update(attempt === 0 ? firstModel : `${firstModel}#${attempt}`)
      .digest();
    let id = 's';
    for (let i = 0; i < 7; i++) id += alphabet[(digest[i] ?? 0) % 32];
    if (!taken.has(id)) return id;
  }
}

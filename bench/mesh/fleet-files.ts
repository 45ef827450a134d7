import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { entry, sourceTable } from '../../test/mesh/control/tables';
import { modelName, podAddress } from './topology';

export interface FleetSizes {
  readonly models: number;
  readonly shards: number;
  readonly podsPerShard: number;
}

export interface FleetPod {
  readonly pod: string;
  readonly shard: string;
  readonly address: string;
}

/** A fleet as the directory that meshd reads; moves of models are changes of its tables. */
export class FleetFiles {
  readonly pods: readonly FleetPod[];
  private readonly shardOf: Uint16Array;
  private readonly held: Set<number>[];

  constructor(
    readonly directory: string,
    readonly sizes: FleetSizes,
  ) {
    const { models, shards, podsPerShard } = sizes;
    this.shardOf = new Uint16Array(models).map((_, model) => model % shards);
    this.held = Array.from({ length: shards }, () => new Set());
    for (let model = 0; model < models; model++) this.held[model % shards]?.add(model);
    this.pods = Array.from({ length: shards * podsPerShard }, (_, i) => {
      const shard = Math.floor(i / podsPerShard);
      return { pod: `s${shard}-${i % podsPerShard}`, shard: `s${shard}`, address: podAddress(i) };
    });
  }

  writeAll(ports: { readonly agent: number; readonly http: number }): void {
    for (let shard = 0; shard < this.sizes.shards; shard++) {
      mkdirSync(join(this.directory, 'shards', `s${shard}`), { recursive: true });
      this.writeTable(shard);
    }
    this.replace('pods.json', JSON.stringify(this.pods.map((pod) => ({ ...pod, ports }))));
  }

  /** A model's new place, in both tables, first where it comes. */
  move(model: number, to: number): void {
    const from = this.shardOf[model] ?? 0;
    if (from === to) return;
    this.held[from]?.delete(model);
    this.held[to]?.add(model);
    this.shardOf[model] = to;
    this.writeTable(to);
    this.writeTable(from);
  }

  shard(model: number): number {
    return this.shardOf[model] ?? 0;
  }

  addresses(model: number): readonly string[] {
    const shard = `s${this.shard(model)}`;
    return this.pods.filter((pod) => pod.shard === shard).map(({ address }) => address);
  }

  private writeTable(shard: number): void {
    const models = [...(this.held[shard] ?? [])].sort((a, b) => a - b);
    const entries = models.map((model) => entry(`default/${modelName(model)}@1`));
    const { parts } = sourceTable(`s${shard}`, 1, entries);
    for (const [file, text] of Object.entries(parts)) this.replace(join('shards', `s${shard}`, file), text);
  }

  private replace(file: string, text: string): void {
    const path = join(this.directory, file);
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  }
}

import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entry, sourceTable } from '../control/tables';
import { AgentServer } from './agent-server';

/** A fleet directory with agents that behave as promised. */
export class FleetDirectory {
  readonly path = mkdtempSync(join(tmpdir(), 'stowage-fleet-'));
  readonly agents = new Map<string, AgentServer>();
  private readonly servers = new Map<string, number>();

  /** `http`: where its model server listens; default: where the table says. */
  async addPod(pod: string, shard: string, http: number | null = null): Promise<AgentServer> {
    if (http !== null) this.servers.set(pod, http);
    const agent = await new AgentServer(pod, shard).listen();
    this.agents.set(pod, agent);
    this.writePods();
    return agent;
  }

  async removePod(pod: string): Promise<void> {
    const agent = this.agents.get(pod);
    this.agents.delete(pod);
    this.writePods();
    await agent?.close();
  }

  writeTable(shard: string, keys: readonly string[]): void {
    mkdirSync(join(this.path, 'shards', shard), { recursive: true });
    const text =
      sourceTable(
        shard,
        1,
        keys.map((key) => entry(key)),
      ).parts['models-0.jsonl'] ?? '';
    this.replace(join('shards', shard, 'models-0.jsonl'), text);
  }

  async close(): Promise<void> {
    for (const agent of this.agents.values()) await agent.close();
    rmSync(this.path, { recursive: true, force: true });
  }

  private writePods(): void {
    const pods = [...this.agents].map(([pod, { shard, port }]) => ({
      ...{ pod, shard, address: '127.0.0.1' },
      ports: { agent: port, http: this.servers.get(pod) ?? null },
    }));
    mkdirSync(join(this.path, 'shards'), { recursive: true });
    this.replace('pods.json', JSON.stringify(pods));
  }

  private replace(file: string, text: string): void {
    const path = join(this.path, file);
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  }
}

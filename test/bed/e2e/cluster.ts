import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guardWith } from '../../../src/local/child';
import { findParts, type Parts } from '../../../src/local/parts';
import { Bed } from '../bed';
import { buildIfStale } from '../built';
import { NodeAgent } from '../node-agent/node-agent';
import { generalNode } from '../nodes';
import { localImages, removeSharedMemory } from './images';
import type { RouterImage } from './router-image';

/** A control plane, and a node agent that runs what is scheduled. */
export class Cluster {
  private constructor(
    readonly bed: Bed,
    readonly node: NodeAgent,
    readonly parts: Parts,
    readonly folder: string,
    /** Of the router by image name, where it is not the one that `images/` builds. */
    readonly routerImages: Map<string, RouterImage>,
  ) {}

  /** @throws NoBed where this machine cannot have one */
  static async start(): Promise<Cluster> {
    const parts = findParts(['envoy', 'mlserver']);
    await buildIfStale();
    const bed = await Bed.start();
    // A short path: sockets lie in it.
    const folder = mkdtempSync(join(tmpdir(), 'stowage-e2e-'));
    try {
      const routerImages = new Map<string, RouterImage>();
      const node = await NodeAgent.start({
        ...{ kubeconfig: bed.kubeconfig, nodes: [generalNode()], folder },
        ...{ images: localImages(parts, routerImages), guard: guardWith(parts.python), volumeSeconds: 10 },
      });
      return new Cluster(bed, node, parts, folder, routerImages);
    } catch (error) {
      await bed.stop();
      throw error;
    }
  }

  /** Ids of every process that runs in a pod. */
  get pids(): readonly number[] {
    return this.node.containers.flatMap(({ run }) => (run.pid === null ? [] : [run.pid]));
  }

  async stop(): Promise<void> {
    await this.node.stop();
    removeSharedMemory();
    await this.bed.stop();
    if (process.env.STOWAGE_E2E_KEEP === undefined) rmSync(this.folder, { recursive: true, force: true });
    else console.warn(`kept: ${this.folder}`);
  }
}

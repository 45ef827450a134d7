import fc from 'fast-check';
import { groupName } from '../../../src/mesh/control/groups';
import type { FakeMesh, FakeRouter } from './fake-mesh';
import { servedOf } from './tables';

/** One thing that happens; `a` and `b` choose what to, among what is there. */
export interface Step {
  readonly what: (typeof kinds)[number];
  readonly a: number;
  readonly b: number;
}

const kinds = [
  'apply',
  'move',
  'add-copy',
  'drop-copy',
  'swap',
  'remove-table',
  'add-pod',
  'stop-pod',
  'remove-pod',
  'restart-agent',
  'restart-server',
  'restart-router',
  'lose-agent',
  'break-model',
  'serving',
  'finish-load',
  'fail-load',
  'send',
  'advance',
  'duplicate',
  'drop',
  'source',
  'source-again',
  'tick',
  'long-tick',
  'ack',
  'refuse',
] as const;

const often: Partial<Record<Step['what'], number>> = {
  'finish-load': 8,
  send: 12,
  advance: 24,
  source: 8,
  tick: 14,
  ack: 10,
  move: 6,
  'add-copy': 3,
  'drop-copy': 3,
};

export const shardIds = ['s1', 's2', 's3', 's4'];
export const modelKeys = ['t/a@1', 't/a@2', 't/a@10', 't/b@1', 'u/a@1', 'default/c@1', 'default/d@v1'];

export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    what: fc.oneof(...kinds.map((kind) => ({ weight: often[kind] ?? 1, arbitrary: fc.constant(kind) }))),
    a: fc.nat(1000),
    b: fc.nat(1000),
  }),
  { minLength: 10, maxLength: 140, size: 'max' },
);

const pick = <T>(list: readonly T[], at: number): T | undefined => list[at % Math.max(1, list.length)];

let podNumber = 0;

export function perform(mesh: FakeMesh, { what, a, b }: Step): void {
  const router = pick(mesh.routers, a) as FakeRouter;
  const shard = pick(shardIds, a) as string;
  const pod = pick([...mesh.pods.keys()], b);
  const keysOf = (id: string | undefined) => (id === undefined ? [] : (mesh.tables.get(id)?.keys ?? []));
  switch (what) {
    case 'apply':
      mesh.apply(shard, modelKeys.filter((_, i) => (b >> i) % 2 === 1).slice(0, 4));
      return;
    case 'move':
    case 'add-copy':
    case 'drop-copy': {
      const key = pick(modelKeys, b) as string;
      const holders = shardIds.filter((id) => keysOf(id).includes(key));
      const from = what === 'add-copy' ? undefined : pick(holders, a >> 2);
      if (what === 'drop-copy' ? holders.length < 2 : holders.includes(shard)) return;
      const leave = () => {
        if (from === undefined) return;
        const rest = keysOf(from).filter((other) => other !== key);
        mesh.apply(from, rest);
      };
      if (b % 2 === 0) leave();
      if (what !== 'drop-copy') mesh.apply(shard, [...new Set([...keysOf(shard), key])]);
      if (b % 2 === 1) leave();
      return;
    }
    case 'swap': {
      const other = pick(shardIds, a + 1) as string;
      const [mine, theirs] = [keysOf(shard), keysOf(other)];
      mesh.apply(shard, theirs);
      mesh.apply(other, mine);
      return;
    }
    case 'remove-table':
      mesh.removeTable(shard);
      return;
    case 'add-pod':
      if ([...mesh.pods.values()].filter((known) => known.shard === shard).length < 3) {
        mesh.addPod(`p${++podNumber}`, shard);
      }
      return;
    case 'source':
      mesh.deliverSource(router, b % Math.max(1, router.sourceEvents.length), false);
      return;
    case 'source-again':
      mesh.deliverSource(router, b % Math.max(1, router.sourceEvents.length), true);
      return;
    case 'tick':
      mesh.tick(a % 300);
      return;
    case 'long-tick':
      mesh.tick(a * 20);
      return;
    case 'ack':
      mesh.answerPush(router, true);
      return;
    case 'refuse':
      mesh.answerPush(router, false);
      return;
    case 'restart-router':
      mesh.restartRouter(router);
      return;
    case 'advance':
    case 'duplicate':
    case 'drop': {
      const flight = pick(router.flights, b);
      if (flight === undefined) return;
      if (what === 'advance') mesh.advance(router, flight);
      else if (what === 'duplicate') mesh.deliverAnswer(router, flight);
      else router.flights.splice(router.flights.indexOf(flight), 1);
      return;
    }
  }
  if (pod !== undefined) performOnPod(mesh, router, pod, what, a);
}

function performOnPod(mesh: FakeMesh, router: FakeRouter, pod: string, what: Step['what'], a: number): void {
  const agent = mesh.pods.get(pod)?.agent;
  const served = pick([...(agent?.models.keys() ?? [])], a);
  switch (what) {
    case 'stop-pod':
      mesh.stopPod(pod);
      return;
    case 'remove-pod':
      mesh.removePod(pod);
      return;
    case 'restart-agent':
      mesh.restartAgent(pod, false);
      return;
    case 'restart-server':
      mesh.restartAgent(pod, true);
      return;
    case 'lose-agent':
      mesh.step(router, { type: 'agent-lost', pod });
      return;
    case 'serving':
      agent?.setServing(!agent.serving);
      return;
    case 'send':
      mesh.send(router, pod);
      return;
  }
  if (served === undefined) return;
  if (what === 'break-model') agent?.breakModel(served);
  else if (what === 'finish-load') agent?.finishLoad(served, mesh.poisoned.has(`${served} ${pod}`));
  else if (what === 'fail-load') agent?.finishLoad(served, true);
}

/** No more happens to the world; everything under way arrives, every load ends. */
export function settle(mesh: FakeMesh, rounds = 130): void {
  for (const [shard, { removed }] of mesh.tables) {
    if (!removed) continue;
    for (const [pod, known] of mesh.pods) if (known.shard === shard) mesh.removePod(pod);
  }
  for (const [pod, known] of mesh.pods) if (!known.alive) mesh.removePod(pod);
  for (let round = 0; round < rounds; round++) {
    for (const router of mesh.routers) {
      while (router.sourceEvents.length > 0) mesh.deliverSource(router, 0, false);
      for (const pod of mesh.pods.keys()) mesh.send(router, pod);
      for (const flight of [...router.flights]) mesh.advance(router, flight);
      for (const flight of [...router.flights]) mesh.advance(router, flight);
    }
    for (const [pod, { agent }] of mesh.pods) {
      agent.setServing(true);
      for (const served of agent.models.keys()) agent.finishLoad(served, mesh.poisoned.has(`${served} ${pod}`));
    }
    mesh.tick(round < 40 ? 250 : 2000);
    for (const router of mesh.routers) mesh.answerPush(router, true);
  }
}

export interface Desired {
  /** The name of the group that serves it; null: no pod can have it as declared, so it may be anywhere. */
  readonly group: string | null;
  /** Sorted. */
  readonly pods: readonly string[];
}

/** Where each declared model must be in the end, by served name: on all pods of its shards that can load it. */
export function desired(mesh: FakeMesh): Map<string, Desired> {
  const places = new Map<string, Desired>();
  for (const key of modelKeys) {
    const served = servedOf(key);
    const shards = [...mesh.tables].filter(([, { removed, keys }]) => !removed && keys.includes(key));
    if (shards.length === 0) continue;
    const parts: string[] = [];
    const serving: string[] = [];
    for (const [shard] of shards) {
      const pods = [...mesh.pods].filter(([, known]) => known.shard === shard).map(([pod]) => pod);
      const good = pods.filter((pod) => !mesh.poisoned.has(`${served} ${pod}`));
      parts.push(...(good.length === pods.length ? [shard] : good.map((pod) => `${shard}@${pod}`)));
      serving.push(...good);
    }
    places.set(served, { group: serving.length === 0 ? null : groupName(parts.sort()), pods: serving.sort() });
  }
  return places;
}

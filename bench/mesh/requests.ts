import { compare, type Kind, type Turns } from './compare';
import { type Asked, load } from './load';
import type { Table } from './report';
import type { Router } from './router';
import { inferPath, randomBelow, type Sizes, shardOf } from './topology';

/** What a request costs, on every way through one Envoy. `moved`: models that are one shard further. */
export async function compareRequests(router: Router, sizes: Sizes, moved: number, turns: Turns): Promise<Table> {
  const { models, shards } = sizes;
  const random = randomBelow(1);
  const anyModel = () => ({ path: inferPath(random(models)) });
  // The same cluster as the model's own, at no cost of choosing it.
  const byHeader = (model: number) => ({
    path: inferPath(model),
    headers: `x-cluster: s${shardOf(model, shards, model < moved ? 1 : 0)}/http\r\n`,
  });
  const hotModels = Array.from({ length: 100 }, () => random(models));
  const hot = () => hotModels[random(100)] as number;
  const { mesh, bare, allPods, byHeader: header } = router.ports;
  const toAllPods = `bare route to ${shards} pods`;
  const ways: readonly [name: string, port: number, next: () => Asked, against?: readonly string[]][] = [
    ['bare route', bare, () => ({ path: inferPath(1) })],
    [toAllPods, allPods, anyModel],
    ['the clusters, named by a header', header, () => byHeader(random(models))],
    [`${models} models at random`, mesh, anyModel, ['bare route', toAllPods]],
    ['100 hot, named by a header', header, () => byHeader(hot())],
    ['100 hot models', mesh, () => ({ path: inferPath(hot()) })],
    ['one model', mesh, () => ({ path: inferPath(1) })],
  ];
  const kinds = ways.map(
    ([name, port, next, against]): Kind => ({
      name,
      ...(against === undefined ? {} : { against }),
      pid: router.pid,
      load: (ms) => load({ port, connections: 4, ms, next }),
    }),
  );
  return await compare(kinds, turns);
}

import { compare, type Kind, type Turns } from './compare';
import { megabytes, milliseconds } from './figures';
import { type Call, grpcLoad, inferMessage } from './grpc-load';
import { type Processes, rss } from './processes';
import { figures, type Section } from './report';
import { Router, startUpstream } from './router';
import { modelName, randomBelow, type Sizes } from './topology';

const inputBytes = 1024;

/** What a ModelInfer costs, by metadata and by message, against a bare gRPC route of the same Envoy. */
export async function grpcSection(processes: Processes, given: Sizes, turns: Turns): Promise<Section> {
  const sizes = { ...given, copies: 1 };
  const { models, shards } = sizes;
  const upstreamPort = await startUpstream(processes, 'grpc-upstream.ts');
  const router = await Router.prepare(processes, { sizes, protocol: 'v2-grpc', upstreamPort });
  const began = performance.now();
  await router.start();
  const startMs = performance.now() - began;
  const bytes = rss(router.pid);

  const random = randomBelow(3);
  const message = inferMessage('any', inputBytes);
  const byMetadata = (model: number): Call => ({ metadata: { 'x-stowage-model': modelName(model) }, message });
  const byMessage = (model: number): Call => ({ metadata: {}, message: inferMessage(modelName(model), inputBytes) });
  const hotModels = Array.from({ length: 100 }, () => random(models));
  const { mesh, bare, allPods } = router.ports;
  const toAllPods = `bare route to ${shards} pods`;
  const ways: readonly [name: string, port: number, next: () => Call, against?: readonly string[]][] = [
    ['bare route', bare, () => byMetadata(1)],
    [toAllPods, allPods, () => byMetadata(random(models))],
    [`${models} models at random, by metadata`, mesh, () => byMetadata(random(models)), ['bare route', toAllPods]],
    [`${models} models at random, by message`, mesh, () => byMessage(random(models))],
    ['100 hot models, by metadata', mesh, () => byMetadata(hotModels[random(100)] as number)],
    ['one model, by metadata', mesh, () => byMetadata(1)],
  ];
  const kinds = ways.map(
    ([name, port, next, against]): Kind => ({
      name,
      ...(against === undefined ? {} : { against }),
      pid: router.pid,
      load: (ms) => grpcLoad({ port, connections: 2, streams: 4, ms, next }),
    }),
  );
  const requests = await compare(kinds, turns);
  await router.stop();
  return {
    title: `gRPC: ModelInfer with ${models.toLocaleString('en')} models on ${shards.toLocaleString('en')} sets`,
    notes: [
      `Messages with ${inputBytes} bytes of input, two connections with four calls at a time each; pods are one HTTP/2 server in Node.`,
      'The bare route passes messages on as they are. The mesh reads each whole message and writes the served name into it (decision 0020), so that metadata and message cannot name two models.',
    ],
    tables: [
      figures([
        ['start of both processes until Envoy has all', milliseconds(startMs)],
        ['Envoy with all', megabytes(bytes)],
      ]),
      requests,
    ],
  };
}

import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';

const message = (fields: Record<string, object>) => ({ fields });

// The part of the Open Inference Protocol that asks about the server as a whole.
const definition = {
  nested: {
    inference: {
      nested: {
        GRPCInferenceService: {
          methods: Object.fromEntries(
            ['ServerLive', 'ServerReady', 'ServerMetadata'].map((name) => [
              name,
              { requestType: `${name}Request`, responseType: `${name}Response` },
            ]),
          ),
        },
        ServerLiveRequest: message({}),
        ServerLiveResponse: message({ live: { type: 'bool', id: 1 } }),
        ServerReadyRequest: message({}),
        ServerReadyResponse: message({ ready: { type: 'bool', id: 1 } }),
        ServerMetadataRequest: message({}),
        ServerMetadataResponse: message({
          name: { type: 'string', id: 1 },
          version: { type: 'string', id: 2 },
          extensions: { rule: 'repeated', type: 'string', id: 3 },
        }),
      },
    },
  },
};

/** Answers for the whole mesh, by gRPC; `ready` once Envoy has had a state to route by. */
export function serverMethods(
  version: string,
  ready: () => boolean,
): { readonly service: ServiceDefinition; readonly answers: UntypedServiceImplementation } {
  const { fromJSON } = require('@grpc/proto-loader') as typeof import('@grpc/proto-loader');
  const loaded = fromJSON(definition as Parameters<typeof fromJSON>[0], { keepCase: true });
  const always = (answer: () => object) => (_: unknown, reply: (error: null, answer: object) => void) =>
    reply(null, answer());
  return {
    service: loaded['inference.GRPCInferenceService'] as unknown as ServiceDefinition,
    answers: {
      ServerLive: always(() => ({ live: true })),
      ServerReady: always(() => ({ ready: ready() })),
      ServerMetadata: always(() => ({ name: 'stowage', version, extensions: [] })),
    },
  };
}

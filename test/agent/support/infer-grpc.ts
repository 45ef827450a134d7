import { credentials, loadPackageDefinition, type ServiceError } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';

const field = (type: string, id: number, rule?: string) => ({ type, id, ...(rule === undefined ? {} : { rule }) });

/** As much of the Open Inference Protocol as a prediction needs. */
const descriptor = {
  nested: {
    inference: {
      nested: {
        Contents: { fields: { fp64_contents: field('double', 7, 'repeated') } },
        Tensor: {
          fields: {
            name: field('string', 1),
            datatype: field('string', 2),
            shape: field('int64', 3, 'repeated'),
            contents: field('Contents', 5),
          },
        },
        ModelInferRequest: {
          fields: { model_name: field('string', 1), id: field('string', 3), inputs: field('Tensor', 5, 'repeated') },
        },
        ModelInferResponse: { fields: { model_name: field('string', 1), outputs: field('Tensor', 5, 'repeated') } },
        GRPCInferenceService: {
          methods: { ModelInfer: { requestType: 'ModelInferRequest', responseType: 'ModelInferResponse' } },
        },
      },
    },
  },
};

interface InferClient {
  ModelInfer(request: object, done: (error: ServiceError | null, reply?: Reply) => void): void;
  close(): void;
}
interface Reply {
  readonly outputs: readonly { readonly contents: { readonly fp64_contents: readonly number[] } | null }[];
}

/** What a model answers by gRPC; the status where it does not. */
export function askGrpc(address: string, served: string): Promise<number | string> {
  const loaded = loadPackageDefinition(fromJSON(descriptor as never, { keepCase: true, defaults: true }));
  const { GRPCInferenceService } = (
    loaded as unknown as { inference: { GRPCInferenceService: new (to: string, how: unknown) => InferClient } }
  ).inference;
  const client = new GRPCInferenceService(address, credentials.createInsecure());
  const inputs = [{ name: 'x', datatype: 'FP64', shape: [1, 1], contents: { fp64_contents: [0] } }];
  return new Promise((resolve) => {
    client.ModelInfer({ model_name: served, inputs }, (error, reply) => {
      client.close();
      resolve(
        error === null
          ? (reply?.outputs[0]?.contents?.fp64_contents[0] ?? 'nothing')
          : `${error.code} ${error.details}`,
      );
    });
  });
}

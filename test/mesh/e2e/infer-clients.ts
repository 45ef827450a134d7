import { Agent, request } from 'node:http';
import { type Client, credentials, loadPackageDefinition, Metadata } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';

/** What a client of the Open Inference Protocol says and hears; the parts of it that these tests need. */
const descriptor = {
  nested: {
    inference: {
      nested: {
        Contents: { fields: { fp64_contents: { rule: 'repeated', type: 'double', id: 7 } } },
        Tensor: {
          fields: {
            name: { type: 'string', id: 1 },
            datatype: { type: 'string', id: 2 },
            shape: { rule: 'repeated', type: 'int64', id: 3 },
            contents: { type: 'Contents', id: 5 },
          },
        },
        ModelInferRequest: {
          fields: { model_name: { type: 'string', id: 1 }, inputs: { rule: 'repeated', type: 'Tensor', id: 5 } },
        },
        ModelInferResponse: {
          fields: {
            model_name: { type: 'string', id: 1 },
            outputs: { rule: 'repeated', type: 'Tensor', id: 5 },
            raw_output_contents: { rule: 'repeated', type: 'bytes', id: 6 },
          },
        },
        GRPCInferenceService: {
          methods: { ModelInfer: { requestType: 'ModelInferRequest', responseType: 'ModelInferResponse' } },
        },
      },
    },
  },
};

interface InferResponse {
  readonly outputs: readonly { readonly contents?: { readonly fp64_contents: readonly number[] } }[];
  readonly raw_output_contents?: readonly Buffer[];
}

/** MLServer answers with numbers, Triton with their bytes. */
function firstOf({ outputs, raw_output_contents }: InferResponse): number {
  return outputs[0]?.contents?.fp64_contents[0] ?? raw_output_contents?.[0]?.readDoubleLE(0) ?? Number.NaN;
}

/** Asks one model for one row of numbers; the first number of the answer. */
export interface InferClient {
  infer(model: string, row: readonly number[]): Promise<number>;
  close(): void;
}

/** @param own headers of each request */
export function restClient(endpoint: string, own: Readonly<Record<string, string>> = {}): InferClient {
  const agent = new Agent({ keepAlive: true });
  const { hostname, port } = new URL(endpoint);
  return {
    infer: (model, row) =>
      new Promise((done, fail) => {
        const inputs = [{ name: 'x', datatype: 'FP64', shape: [1, row.length], data: row }];
        const options = {
          agent,
          host: hostname,
          port,
          method: 'POST',
          path: `/v2/models/${model}/infer`,
          headers: { ...own, 'content-type': 'application/json' },
        };
        const sent = request({ ...options, timeout: 20_000 }, (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            text += chunk;
          });
          response.on('error', fail);
          response.on('end', () => {
            if (response.statusCode !== 200) fail(new Error(`HTTP ${response.statusCode}: ${text.slice(0, 200)}`));
            else done((JSON.parse(text) as { outputs: { data: number[] }[] }).outputs[0]?.data[0] ?? Number.NaN);
          });
        });
        sent.on('timeout', () => sent.destroy(new Error('no answer within 20 s')));
        sent.on('error', fail);
        sent.end(JSON.stringify({ inputs }));
      }),
    close: () => agent.destroy(),
  };
}

/** @param own metadata of each request */
export function grpcClient(address: string, own: Readonly<Record<string, string>> = {}): InferClient {
  const { inference } = loadPackageDefinition(fromJSON(descriptor as never)) as unknown as {
    inference: { GRPCInferenceService: new (...args: ConstructorParameters<typeof Client>) => Client };
  };
  const client = new inference.GRPCInferenceService(address, credentials.createInsecure()) as Client & {
    ModelInfer: (
      request: object,
      metadata: Metadata,
      options: { deadline: number },
      done: (error: Error | null, response: InferResponse) => void,
    ) => void;
  };
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(own)) metadata.set(key, value);
  return {
    infer: (model_name, row) =>
      new Promise((done, fail) => {
        const tensor = { name: 'x', datatype: 'FP64', shape: [1, row.length], contents: { fp64_contents: row } };
        const request = { model_name, inputs: [tensor] };
        client.ModelInfer(request, metadata, { deadline: Date.now() + 20_000 }, (error, response) => {
          if (error !== null) fail(error);
          else done(firstOf(response));
        });
      }),
    close: () => client.close(),
  };
}

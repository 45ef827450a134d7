import type { Client, ClientOptions, Metadata, ServiceError } from '@grpc/grpc-js';

/** The methods of the Open Inference Protocol's repository extension that the agent calls; both fields are enough. */
const descriptor = {
  nested: {
    inference: {
      nested: {
        NamedModel: { fields: { repository_name: { type: 'string', id: 1 }, model_name: { type: 'string', id: 2 } } },
        Nothing: { fields: {} },
        // Inference requests begin so; the other fields are skipped.
        Asked: { fields: { model_name: { type: 'string', id: 1 } } },
        GRPCInferenceService: {
          methods: {
            RepositoryModelLoad: { requestType: 'NamedModel', responseType: 'Nothing' },
            RepositoryModelUnload: { requestType: 'NamedModel', responseType: 'Nothing' },
            ModelInfer: { requestType: 'Asked', responseType: 'Nothing' },
          },
        },
      },
    },
  },
};

interface Definitions {
  readonly 'inference.GRPCInferenceService': {
    readonly ModelInfer: { readonly requestDeserialize: (bytes: Buffer) => { readonly model_name: string } };
  };
}

let definitions: Definitions | null = null;

function readDefinitions(): Definitions {
  if (definitions !== null) return definitions;
  const { fromJSON } = require('@grpc/proto-loader') as typeof import('@grpc/proto-loader');
  // Its types ask for fields that it does not read.
  definitions = fromJSON(descriptor as never, { keepCase: true, defaults: true }) as unknown as Definitions;
  return definitions;
}

/** Which model a request of the inference service names, as a message without its frame; null: it cannot be read. */
export function modelNameIn(message: Buffer): string | null {
  try {
    const { model_name } = readDefinitions()['inference.GRPCInferenceService'].ModelInfer.requestDeserialize(message);
    return model_name === '' ? null : model_name;
  } catch {
    return null;
  }
}

type Call = (
  request: { model_name: string },
  metadata: Metadata,
  options: { deadline: number },
  done: (error: ServiceError | null) => void,
) => { cancel(): void };

/** `details` of the status; `code` as in gRPC. */
export interface GrpcOutcome {
  readonly code: number;
  readonly details: string;
}

/** Loads and unloads by gRPC, where servers give the reason that REST hides. */
export class ServerGrpc {
  private client: (Client & Record<string, Call>) | null = null;

  constructor(
    private readonly address: string,
    private readonly headers: Readonly<Record<string, string>> = {},
  ) {}

  load(served: string, timeoutMs: number): Promise<GrpcOutcome> {
    return this.call('RepositoryModelLoad', served, timeoutMs);
  }

  unload(served: string, timeoutMs: number): Promise<GrpcOutcome> {
    return this.call('RepositoryModelUnload', served, timeoutMs);
  }

  close(): void {
    this.client?.close();
    this.client = null;
  }

  private call(method: string, served: string, timeoutMs: number): Promise<GrpcOutcome> {
    const grpc = require('@grpc/grpc-js') as typeof import('@grpc/grpc-js');
    this.client ??= this.connect(grpc);
    const metadata = new grpc.Metadata();
    for (const [name, value] of Object.entries(this.headers)) metadata.set(name, value);
    const { client } = this;
    return new Promise((resolve) => {
      client[method]?.({ model_name: served }, metadata, { deadline: Date.now() + timeoutMs }, (error) => {
        resolve(error === null ? { code: 0, details: '' } : { code: error.code, details: error.details });
      });
    });
  }

  private connect(grpc: typeof import('@grpc/grpc-js')): Client & Record<string, Call> {
    const loaded = grpc.loadPackageDefinition(readDefinitions() as never) as unknown as {
      inference: {
        GRPCInferenceService: new (address: string, credentials: unknown, options: ClientOptions) => Client;
      };
    };
    const Service = loaded.inference.GRPCInferenceService;
    const options = { 'grpc.enable_retries': 0, 'grpc.initial_reconnect_backoff_ms': 200 };
    return new Service(this.address, grpc.credentials.createInsecure(), options) as Client & Record<string, Call>;
  }
}

export const grpcCodes = { ok: 0, deadline: 4, notFound: 5, unavailable: 14 } as const;

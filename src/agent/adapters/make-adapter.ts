import type { ModelTableRuntime } from '../../render/model-table';
import type { Adapter, ServerAddress } from './adapter';
import { MlserverAdapter } from './mlserver';
import { OpenvinoAdapter } from './openvino';
import { TritonAdapter } from './triton';
import { VllmAdapter } from './vllm';

const adapters: Readonly<Record<ModelTableRuntime['adapter'], (server: ServerAddress) => Adapter>> = {
  mlserver: (server) => new MlserverAdapter(server),
  openvino: (server) => new OpenvinoAdapter(server),
  triton: (server) => new TritonAdapter(server),
  vllm: (server) => new VllmAdapter(server),
};

export function makeAdapter(runtime: ModelTableRuntime, server: ServerAddress): Adapter {
  return adapters[runtime.adapter](server);
}

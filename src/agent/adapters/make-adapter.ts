import type { ModelTableRuntime } from '../../render/model-table';
import { agentError } from '../reason';
import type { Adapter, ServerAddress } from './adapter';
import { MlserverAdapter } from './mlserver';

export function makeAdapter(runtime: ModelTableRuntime, server: ServerAddress): Adapter {
  if (runtime.adapter === 'mlserver') return new MlserverAdapter(server);
  throw agentError('STW6106', `no adapter for ${runtime.adapter}`);
}

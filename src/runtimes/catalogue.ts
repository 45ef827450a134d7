import type { ServingRuntime } from '../declare/fleet';
import { mlserver } from './mlserver';
import { openvino } from './openvino';
import { triton } from './triton';
import { vllm } from './vllm';

/** The runtimes that come with Stowage; a user's `extends` starts from one of these. */
export const builtInRuntimes: readonly ServingRuntime[] = [mlserver, openvino, triton, vllm];

import type { ServingRuntime } from '../declare/fleet';

const MiB = 2 ** 20;
const GiB = 2 ** 30;

/** vLLM with many LoRA adapters over one base model a pod. Extend it with `baseModels` of your own. */
export const vllm: ServingRuntime = {
  name: 'vllm',
  adapter: 'vllm',
  image: 'docker.io/vllm/vllm-openai:v0.11.0',
  command: ['vllm', 'serve'],
  args: [
    '$(STOWAGE_BASE_MODEL)',
    '--served-model-name=$(STOWAGE_BASE_NAME)',
    '--port=8000',
    '--enable-lora',
    '--max-loras=16',
    '--max-cpu-loras=256',
    '--max-lora-rank=64',
  ],
  env: {
    VLLM_ALLOW_RUNTIME_LORA_UPDATING: 'True',
    HF_HOME: '/models/.hf',
    VLLM_CACHE_ROOT: '/models/.vllm',
    // The image knows no user of the pod's id, and PyTorch asks for the user's name.
    USER: 'stowage',
    HOME: '/tmp',
  },
  ports: { http: 8000, grpc: null, metrics: null },
  livenessPath: '/health',
  startupSeconds: 900,
  loadMillis: 1000,
  baseFootprint: { cpuMillis: 1000, memoryBytes: 6 * GiB, acceleratorMemoryBytes: 2 * GiB, diskBytes: 1 * GiB },
  perModelMemoryBytes: 4 * MiB,
  sharedMemory: { baseBytes: 1 * GiB, perModelBytes: 0 },
  formats: ['lora'],
  accelerator: 'required',
  maxModelsPerPod: 256,
  repository: { path: '/models', layout: 'adapters' },
  protocols: ['openai'],
  baseModels: [],
  runAsUser: 1000,
};

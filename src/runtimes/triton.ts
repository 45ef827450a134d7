import type { ServingRuntime } from '../declare/fleet';

const MiB = 2 ** 20;
/** APIs that only the agent may use; it sends the header's secret from the pod's environment. */
const restricted = 'model-repository,shared-memory,logging,trace,model-config,statistics';

/** NVIDIA Triton Inference Server in explicit mode: the agent loads and unloads through its repository API. */
export const triton: ServingRuntime = {
  name: 'triton',
  adapter: 'triton',
  image: 'nvcr.io/nvidia/tritonserver:25.10-py3',
  command: ['tritonserver'],
  args: [
    '--model-repository=/models',
    '--model-control-mode=explicit',
    // Strict readiness would stay false for ever after one failed load.
    '--strict-readiness=false',
    '--http-port=8000',
    '--grpc-port=8001',
    '--metrics-port=8002',
    `--http-restricted-api=${restricted}:x-stowage-admin=$(STOWAGE_ADMIN_TOKEN)`,
    `--grpc-restricted-protocol=${restricted}:x-stowage-admin=$(STOWAGE_ADMIN_TOKEN)`,
  ],
  env: {},
  ports: { http: 8000, grpc: 8001, metrics: 8002 },
  livenessPath: '/v2/health/live',
  startupSeconds: 300,
  // Python and ONNX models were measured at 1.4 to 1.8 s.
  loadMillis: 1500,
  baseFootprint: { cpuMillis: 500, memoryBytes: 1536 * MiB, acceleratorMemoryBytes: 512 * MiB, diskBytes: 1024 * MiB },
  perModelMemoryBytes: 16 * MiB,
  // The Python backend takes 1 MiB of /dev/shm a model; the container default of 64 MiB ends at about 60.
  sharedMemory: { baseBytes: 64 * MiB, perModelBytes: 1 * MiB },
  formats: ['dali', 'onnx', 'openvino-ir', 'python', 'tensorflow-savedmodel', 'tensorrt', 'torchscript'],
  accelerator: 'optional',
  maxModelsPerPod: null,
  repository: { path: '/models', layout: 'model-version-directories' },
  protocols: ['v2-rest', 'v2-grpc'],
  baseModels: [],
  runAsUser: 1000,
};

import type { ServingRuntime } from '../declare/fleet';

const MiB = 2 ** 20;

/** OpenVINO Model Server: the agent rewrites config.json and asks for `POST /v1/config/reload`. */
export const openvino: ServingRuntime = {
  name: 'openvino',
  adapter: 'openvino',
  image: 'docker.io/openvino/model_server:2025.3',
  command: ['/ovms/bin/ovms'],
  args: [
    '--config_path=/models/config.json',
    '--rest_port=8000',
    '--port=9000',
    // No polling: it would see a config.json that names models whose files are not there yet.
    '--file_system_poll_wait_seconds=0',
  ],
  env: {},
  ports: { http: 8000, grpc: 9000, metrics: null },
  livenessPath: '/v2/health/live',
  startupSeconds: 120,
  loadMillis: 500,
  baseFootprint: { cpuMillis: 250, memoryBytes: 384 * MiB, acceleratorMemoryBytes: 0, diskBytes: 256 * MiB },
  perModelMemoryBytes: 8 * MiB,
  sharedMemory: { baseBytes: 64 * MiB, perModelBytes: 0 },
  // It loads ONNX too, but Triton is the usual home of that: extend it with `formats` to have ONNX here.
  formats: ['openvino-ir', 'paddle', 'tensorflow-savedmodel', 'tflite'],
  accelerator: 'none',
  maxModelsPerPod: null,
  repository: { path: '/models', layout: 'config-list' },
  protocols: ['v2-rest', 'v2-grpc', 'v1-rest'],
  baseModels: [],
  runAsUser: 5000,
};

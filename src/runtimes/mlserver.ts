import type { ServingRuntime } from '../declare/fleet';

const MiB = 2 ** 20;

/** MLServer: scikit-learn, XGBoost, LightGBM, MLflow and Hugging Face models on CPU. */
export const mlserver: ServingRuntime = {
  name: 'mlserver',
  adapter: 'mlserver',
  image: 'docker.io/seldonio/mlserver:1.7.1',
  command: ['mlserver'],
  args: ['start', '/models'],
  env: {
    MLSERVER_HTTP_PORT: '8080',
    MLSERVER_GRPC_PORT: '8081',
    MLSERVER_METRICS_PORT: '8082',
    MLSERVER_LOAD_MODELS_AT_STARTUP: 'false',
    // A worker process would hold every model a second time, and its death goes unnoticed.
    MLSERVER_PARALLEL_WORKERS: '0',
  },
  ports: { http: 8080, grpc: 8081, metrics: 8082 },
  // health/ready turns 400 while any model loads: never probe it.
  livenessPath: '/v2/health/live',
  startupSeconds: 120,
  loadMillis: 100,
  baseFootprint: { cpuMillis: 250, memoryBytes: 512 * MiB, acceleratorMemoryBytes: 0, diskBytes: 256 * MiB },
  perModelMemoryBytes: 1 * MiB,
  sharedMemory: { baseBytes: 64 * MiB, perModelBytes: 0 },
  formats: ['catboost', 'huggingface', 'lightgbm', 'mlflow', 'sklearn', 'xgboost'],
  accelerator: 'none',
  maxModelsPerPod: 1000,
  repository: { path: '/models', layout: 'settings-file' },
  protocols: ['v2-rest', 'v2-grpc'],
  baseModels: [],
  runAsUser: 1000,
};

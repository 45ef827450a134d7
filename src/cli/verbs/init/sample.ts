/** What `stowage init` writes: small, commented, and it plans. */
export function sampleFleet(name: string): string {
  return `# A fleet for Stowage. \`stowage plan\` shows what would run where; \`stowage schema\` prints the format.
name: ${name}

# The kinds of nodes that shards may run on: allocatable CPU and memory of one node, and its price.
pools:
  - name: cpu
    cpu: 16
    memory: 64Gi
    pricePerNodeHour: 0.68
    maxNodes: 10
  - name: l4
    accelerator: { kind: L4, memory: 23034Mi, perNode: 4 }
    cpu: 48
    memory: 192Gi
    pricePerNodeHour: 3.2
    maxNodes: 5

# Models, one JSON object a line (also CSV or YAML). Ten can as well stand here, under \`models:\`.
catalogues: [models.jsonl]

# Tenants share pods unless told otherwise: process = own shards, node = own nodes.
tenants:
  - { name: acme, isolation: process }

# What the plan must stay within. A plain number is hard (exit status 3); enforcement: warn only warns.
budgets:
  pods: 60
  ips: 250
  gpus: { L4: 8 }
  costPerHour: { limit: 12, enforcement: warn }
`;
}

export function sampleModels(): string {
  const news = ['business', 'culture', 'health', 'politics', 'science', 'sports'].map((topic) => ({
    name: `news-${topic}`,
    format: 'sklearn',
    storageUri: `s3://models/news/${topic}`,
    memory: '180Mi',
    requestsPerSecond: 4,
    cpuSecondsPerRequest: 0.005,
    replicas: 2,
  }));
  const vision = [
    { name: 'resnet50', gpuMemory: '310Mi' },
    { name: 'vit-base', gpuMemory: '720Mi' },
    { name: 'convnext-large', gpuMemory: '1500Mi' },
  ].map((model) => ({
    ...model,
    format: 'onnx',
    runtime: 'triton',
    storageUri: `s3://models/vision/${model.name}`,
    requestsPerSecond: 20,
    gpuSecondsPerRequest: 0.002,
  }));
  const own = { name: 'churn', tenant: 'acme', format: 'xgboost', storageUri: 's3://acme/churn', memory: '90Mi' };
  return [...news, ...vision, own].map((model) => `${JSON.stringify(model)}\n`).join('');
}

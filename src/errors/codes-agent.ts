import type { ErrorDefinition } from './registry';

export const agentErrors = {
  STW6101: {
    title: 'Storage not supported',
    cause:
      'The storage URI has a scheme, or what it names an archive format or kind of layer, that the agent cannot read.',
    remedy: 'Use s3, gs, hf, oci, https, http, file or pvc; of archives, .tar, .tar.gz and .tgz.',
  },
  STW6102: {
    title: 'Model files not fetched',
    cause: 'The storage did not answer, refused, or does not have what the storage URI names.',
    remedy:
      'Check the storage URI and the credentials in the Secret that mesh.storageSecretName names. It is tried again by itself.',
  },
  STW6103: {
    title: 'Model files damaged',
    cause:
      'What came from the storage is not what its checksum says, or an archive that would write outside its folder.',
    remedy: 'Upload the model again.',
  },
  STW6104: {
    title: 'No disk left for model files',
    cause: "The files are larger than what the pod's disk has left for models.",
    remedy: 'Declare the size of the model on disk as it is, or give the pool more disk.',
  },
  STW6105: {
    title: 'Model refused by its server',
    cause: 'The model server could not load the model, or not in time.',
    remedy: "Read the reason: it is the server's own. Correct the model or its format. It is tried again by itself.",
  },
  STW6106: {
    title: 'Agent settings missing',
    cause: 'An environment variable or argument of the agent is absent or of the wrong form.',
    remedy: 'Run the agent with the variables that docs/reference/rendered-objects.md lists.',
  },
  STW6107: {
    title: 'Model table of another shard',
    cause:
      'The agent was given a model table whose fleet or shard is not its own, or whose runtime changed under a running pod.',
    remedy: 'Apply the output of `stowage synth` again, and look for two fleets of one name.',
  },
} as const satisfies Record<string, ErrorDefinition>;

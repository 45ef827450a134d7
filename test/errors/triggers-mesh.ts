import { readMeshdSettings } from '../../src/mesh/settings';
import { serviceAccountAccess } from '../../src/mesh/source/kubernetes-api';
import { parsePodsFile } from '../../src/mesh/source/pods-file';
import { parseSyncRequest } from '../../src/protocol/agent-api';

/** Each code of the mesh, and a call that reports it. */
export const triggers: Record<string, () => unknown> = {
  STW6001: () => readMeshdSettings({}),
  STW6002: () => serviceAccountAccess('/nonexistent', '127.0.0.1', 443),
  STW6003: () => parsePodsFile('[{"pod":"a"}]', 'pods.json'),
  STW6004: () => parseSyncRequest('{"router":1}'),
};

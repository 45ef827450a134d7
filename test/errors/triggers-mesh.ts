import { parseSyncRequest } from '../../src/protocol/agent-api';

/** Each code of the mesh, and a call that reports it. */
export const triggers: Record<string, () => unknown> = {
  STW6004: () => parseSyncRequest('{"router":1}'),
};

import type { MeshOptions } from '../declare/fleet';

/** The agent's variables for the times that the fleet declares; none for the others: a new default restarts no pod. */
export function agentTimes(mesh: MeshOptions): readonly { readonly name: string; readonly value: string }[] {
  const seconds = {
    STOWAGE_READY_HOLD_SECONDS: mesh.agentReadyHoldSeconds,
    STOWAGE_ROOM_WAIT_SECONDS: mesh.agentRoomWaitSeconds,
  };
  return Object.entries(seconds).flatMap(([name, value]) => (value === null ? [] : [{ name, value: String(value) }]));
}

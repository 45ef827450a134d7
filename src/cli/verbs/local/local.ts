import { LocalMesh } from '../../../local/mesh';
import { plural } from '../../../report/units';
import { type ExitCode, exitCodes } from '../../exit-codes';
import { diagnosticsOf, wrongCommandLine } from '../../failure';
import { print } from '../../output';
import type { Session } from '../../session';
import type { LocalVerbOptions } from './command';
import { filesOf, firstPlan, nextPlan, type OpenedPlan } from './plans';
import { said, welcome } from './texts';
import { watchFiles } from './watch-files';

/** Serves until SIGINT or SIGTERM. The lockfile is read, never written. */
export async function local(given: string | undefined, options: LocalVerbOptions, session: Session): Promise<ExitCode> {
  const port = numberOf('--port', options.port, 0, 65_532);
  const replicas = options.replicas === undefined ? null : numberOf('--replicas', options.replicas, 1, 254);
  const planned = firstPlan(given, options, session);
  const stop = stopSignal();
  const onEvent = (event: Parameters<typeof said>[0]): void => session.note(said(event));
  const mesh = await startOr(stop.signal, async () => {
    const { dir, parts } = options;
    const started = await LocalMesh.start({
      ...{ planned, fleetFile: planned.file, port, replicas, onEvent, signal: stop.signal },
      ...{ directory: dir ?? null, parts: parts ?? null },
    });
    session.warn(started.warnings);
    return started.mesh;
  });
  if (mesh === null) return exitCodes.ok;
  const follow = follower(
    mesh,
    planned,
    (before) => nextPlan(given, options, before, mesh.directory, session),
    session,
  );
  process.on('SIGHUP', follow);
  const unwatch = options.watch === true ? watchFiles(filesOf(planned), follow) : () => undefined;
  try {
    print(welcome(mesh.state, mesh.directory, planned.fleet));
    await Promise.all([mesh.settled(() => stop.signal.aborted), stop.came]);
  } finally {
    unwatch();
    process.off('SIGHUP', follow);
    session.note('Stopping ...');
    await mesh.stop();
  }
  return exitCodes.ok;
}

/** null: it was given up. */
async function startOr<T>(signal: AbortSignal, start: () => Promise<T>): Promise<T | null> {
  try {
    return await start();
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

/** Plans again and makes the mesh follow: one change at a time; those that come meanwhile are one more. */
function follower(
  mesh: LocalMesh,
  first: OpenedPlan,
  plan: (before: OpenedPlan) => OpenedPlan,
  session: Session,
): () => void {
  let before = first;
  let wanted = false;
  let working = false;
  const work = async (): Promise<void> => {
    working = true;
    while (wanted) {
      wanted = false;
      try {
        const planned = plan(before);
        session.note(
          `Planned again: ${plural(planned.fleet.models.length, 'model')} on ${plural(planned.plan.shards.length, 'shard')}.`,
        );
        session.warn(await mesh.apply(planned));
        before = planned;
        await mesh.settled(() => wanted);
      } catch (error) {
        session.warn(diagnosticsOf(error));
        session.note('The mesh stays as it was.');
      }
    }
    working = false;
  };
  return () => {
    wanted = true;
    if (!working) void work();
  };
}

/** SIGINT or SIGTERM asks for a stop, which is bounded; more of them (npm passes Ctrl-C on) change nothing. */
function stopSignal(): { readonly signal: AbortSignal; readonly came: Promise<void> } {
  const controller = new AbortController();
  const came = new Promise<void>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.on(name, () => {
        controller.abort();
        resolve();
      });
    }
  });
  return { signal: controller.signal, came };
}

function numberOf(option: string, text: string, least: number, most: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  wrongCommandLine(`${option} ${text}: not a number from ${least} to ${most}`);
}

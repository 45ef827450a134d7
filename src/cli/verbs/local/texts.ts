import type { Fleet } from '../../../declare/fleet';
import type { LocalState } from '../../../local/directory';
import type { LocalEvent } from '../../../local/events';
import { plural } from '../../../report/units';
import { defaultControl, defaultEndpoint } from '../../endpoints';

/** What stands on standard output once the mesh answers. */
export function welcome({ endpoint, grpc, control }: LocalState, directory: string, { name, models }: Fleet): string {
  const first = models.find(({ tenant }) => tenant === 'default') ?? models[0];
  const own = first === undefined || first.tenant === 'default';
  const asked = own ? (first?.name ?? '') : `${first.tenant}/${first.name}`;
  const path = own ? asked : `${first.tenant}~${first.name}`;
  const at = (where: string, standard: string): string => (where === standard ? '' : ` --endpoint ${where}`);
  return `Serving ${plural(models.length, 'model')} of ${name}; Ctrl-C stops.
  REST ${endpoint}  gRPC ${grpc}  logs ${directory}/logs

  curl ${endpoint}/v2/models/${path}
  stowage call ${asked} --data '[[...]]'${at(endpoint, defaultEndpoint)}
  stowage status${at(control, defaultControl)}
`;
}

export function said(event: LocalEvent): string {
  switch (event.type) {
    case 'starting':
      return `Starting ${event.name} at ${event.at}`;
    case 'crashed':
      return `${event.name} ended (${event.how}): starting it again in ${event.pauseMs / 1000} s; see ${event.log}`;
    case 'models':
      return `Models up: ${event.ready} of ${event.total}${event.failed === 0 ? '' : `, failed: ${event.failed} (stowage status)`}`;
  }
}

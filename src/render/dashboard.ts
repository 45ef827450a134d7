import type { Fleet } from '../declare/fleet';
import { panelRows } from './dashboard-panels';
import type { Panel } from './dashboard-queries';
import { fleetLabels, names } from './names';
import type { KubernetesObject } from './objects';

/** What Grafana's sidecar looks for. */
const sidecarLabel = { grafana_dashboard: '1' };

/** The fleet's dashboard, where it is asked for; its series carry the fleet's name. */
export function dashboardObjects(fleet: Fleet): readonly KubernetesObject[] {
  if (!fleet.mesh.dashboard) return [];
  return [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: names.dashboard(fleet),
        namespace: fleet.namespace,
        labels: { ...fleetLabels(fleet, 'dashboard'), ...sidecarLabel },
      },
      data: { [`stowage-${fleet.name}.json`]: `${JSON.stringify(dashboard(fleet.name), null, 2)}\n` },
    },
  ];
}

const source = { type: 'prometheus', uid: '$' + '{source}' };
const [columns, height] = [24, 8];

function dashboard(fleet: string): object {
  return {
    editable: true,
    panels: panels(fleet),
    schemaVersion: 39,
    tags: ['stowage'],
    templating: {
      list: [{ label: 'Prometheus', name: 'source', query: 'prometheus', type: 'datasource' }],
    },
    time: { from: 'now-6h', to: 'now' },
    timezone: 'browser',
    title: `Stowage: ${fleet}`,
    uid: `stowage-${fleet}`.slice(0, 40),
  };
}

/** Three a row, under the row's heading. */
function panels(fleet: string): readonly object[] {
  const all: object[] = [];
  let y = 0;
  for (const { title, panels: own } of panelRows) {
    all.push({
      collapsed: false,
      gridPos: { h: 1, w: columns, x: 0, y },
      id: all.length + 1,
      panels: [],
      title,
      type: 'row',
    });
    y += 1;
    const width = columns / 3;
    own.forEach((panel, i) => {
      const gridPos = { h: height, w: width, x: (i % 3) * width, y: y + Math.floor(i / 3) * height };
      all.push(panelOf(panel, fleet, gridPos, all.length + 1));
    });
    y += Math.ceil(own.length / 3) * height;
  }
  return all;
}

function panelOf({ title, about, unit, queries }: Panel, fleet: string, gridPos: object, id: number): object {
  return {
    datasource: source,
    description: about,
    fieldConfig: { defaults: { custom: { fillOpacity: 10, showPoints: 'never' }, min: 0, unit }, overrides: [] },
    gridPos,
    id,
    options: {
      legend: { calcs: ['lastNotNull'], displayMode: 'list', placement: 'bottom' },
      tooltip: { mode: 'multi' },
    },
    targets: queries.map(([legend, query], i) => ({
      datasource: source,
      expr: query.replaceAll('FLEET', `fleet="${fleet}"`),
      legendFormat: legend,
      refId: String.fromCharCode(65 + i),
    })),
    title,
    type: 'timeseries',
  };
}

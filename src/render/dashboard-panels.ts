import { most, once, type PanelRow, quantile, rate, top } from './dashboard-queries';
import { requestPanels } from './dashboard-requests';

export const panelRows: readonly PanelRow[] = [
  requestPanels,
  {
    title: 'Models',
    panels: [
      {
        title: 'Models by state',
        about: 'A model that is in several shards counts once.',
        unit: 'short',
        queries: [['{{state}}', once('state', 'stowage_mesh_models')]],
      },
      {
        title: 'Failed models by shard',
        about: '`stowage status` says why.',
        unit: 'short',
        queries: [['{{shard}}', top('sum by (shard) (stowage_agent_models{FLEET,state="failed"}) > 0')]],
      },
      {
        title: 'Failed steps',
        about: 'Of fetching, loading and unloading.',
        unit: 'ops',
        queries: [['{{step}}', `sum by (step) (${rate('stowage_agent_failures_total')})`]],
      },
      {
        title: 'Memory of models by shard',
        about: 'The largest; measured is the rise of the server over the load, where it can be read.',
        unit: 'bytes',
        queries: [['{{shard}} {{figure}}', top(once('shard, figure', 'stowage_mesh_shard_memory_bytes'))]],
      },
      {
        title: 'Measured over declared',
        about: `The ${most} models that take most of what was declared of them: above 1, declare more.`,
        unit: 'percentunit',
        queries: [
          [
            '{{model}}',
            top(
              'max by (model) (stowage_agent_model_measured_bytes{FLEET} / (stowage_agent_model_declared_bytes{FLEET} > 0))',
            ),
          ],
        ],
      },
      {
        title: 'Loads',
        about: 'Time in the model server, without the fetch.',
        unit: 's',
        queries: [
          ['p50', quantile(0.5, 'stowage_agent_load_seconds')],
          ['p99', quantile(0.99, 'stowage_agent_load_seconds')],
        ],
      },
      {
        title: 'Fetched',
        about: 'Model files, from the storage to pods.',
        unit: 'Bps',
        queries: [['{{shard}}', top(`sum by (shard) (${rate('stowage_agent_fetched_bytes_total')})`)]],
      },
      {
        title: 'Model files on disk',
        about: 'The pod of a shard that holds most.',
        unit: 'bytes',
        queries: [['{{shard}}', top(once('shard', 'stowage_agent_disk_bytes'))]],
      },
    ],
  },
  {
    title: 'Models on demand',
    panels: [
      {
        title: 'Requests by what they met',
        about: 'miss: waited for the load. busy: refused, no room in time.',
        unit: 'reqps',
        queries: [['{{result}}', `sum by (result) (${rate('stowage_agent_demand_total')})`]],
      },
      {
        title: 'Cold starts',
        about: 'Share of requests that waited or were refused: the plan has a target for it.',
        unit: 'percentunit',
        queries: [
          [
            'cold starts',
            `sum(${rate('stowage_agent_demand_total', ',result=~"miss|busy"')}) / sum(${rate('stowage_agent_demand_total', ',result=~"hit|miss|busy"')})`,
          ],
        ],
      },
      {
        title: 'Wait of cold starts; unloads',
        about: 'Seconds of the fetch and the load; models that were unloaded for others, a second.',
        unit: 'short',
        queries: [
          ['wait p50', quantile(0.5, 'stowage_agent_miss_seconds')],
          ['wait p99', quantile(0.99, 'stowage_agent_miss_seconds')],
          ['unloads', `sum(${rate('stowage_agent_evictions_total')})`],
        ],
      },
    ],
  },
  {
    title: 'Control',
    panels: [
      {
        title: 'Pods by what is heard of their agents',
        about: 'lost: heard before, and not now.',
        unit: 'short',
        queries: [['{{agent}}', once('agent', 'stowage_mesh_pods')]],
      },
      {
        title: 'Names and shards without pods',
        about: 'Names that clients may ask for; shards none of whose pods gets requests.',
        unit: 'short',
        queries: [
          ['names', `max(stowage_mesh_names{FLEET})`],
          ['shards without pods', `count(${once('shard', 'stowage_mesh_shard_members')} == 0) or vector(0)`],
        ],
      },
      {
        title: 'Routers in order',
        about: 'Of all routers, those that have routes, that see the cluster, and whose Envoy hears meshd.',
        unit: 'short',
        queries: [
          ['have routes', 'sum(stowage_mesh_ready{FLEET})'],
          ['see the cluster', 'sum(stowage_mesh_source_up{FLEET})'],
          ['Envoy hears meshd', 'sum(envoy_control_plane_connected_state{FLEET})'],
        ],
      },
      {
        title: 'Pushes of routes',
        about: 'To Envoy. Refused ones are in the log of meshd.',
        unit: 'ops',
        queries: [['{{result}}', `sum by (result) (${rate('stowage_mesh_pushes_total')})`]],
      },
      {
        title: 'From a change to live, p99',
        about: 'push: until Envoy has it. plan: meshd deciding.',
        unit: 's',
        queries: [
          ['push', quantile(0.99, 'stowage_mesh_push_seconds')],
          ['plan', quantile(0.99, 'stowage_mesh_plan_seconds')],
        ],
      },
      {
        title: 'Memory of routers',
        about: 'The largest.',
        unit: 'bytes',
        queries: [
          ['Envoy', 'max(envoy_server_memory_allocated{FLEET})'],
          ['meshd', 'max(stowage_meshd_process_resident_memory_bytes{FLEET})'],
        ],
      },
    ],
  },
];

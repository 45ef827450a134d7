import type { AliasState, MeshState, PodState, ServiceState, ShardState } from '../protocol/mesh-state';
import { type Style, styleOf, type TextOptions } from './style';
import { table } from './table';
import { bytes, count, percent, plural } from './units';

const order: readonly ServiceState[] = ['up', 'partial', 'moving', 'loading', 'failed', 'leaving'];
const listed = 40;

/** A running mesh: how many models are up, each pod, and the models that are not up with the reason. */
export function stateText(state: MeshState, options: TextOptions): string {
  const style = styleOf(options);
  const drawing = { ...options, style };
  const total = order.reduce((sum, name) => sum + (name === 'leaving' ? 0 : state.models[name]), 0);
  const said = order.filter((name) => state.models[name] > 0).map((name) => `${count(state.models[name])} ${name}`);
  const lines = [
    `${style.bold(state.fleet)}  ${plural(total, 'model')}: ${said.length === 0 ? 'none' : said.join(', ')}; ${plural(state.routes.names, 'name')} routed`,
    ...problems(state).map((problem) => style.red(problem)),
    '',
    'Pods',
    ...table(
      [
        { title: 'shard' },
        { title: 'pod' },
        { title: 'address', optional: 2 },
        { title: 'state', paint: (cell) => paintPod(cell, style) },
        { title: 'table', optional: 1 },
        { title: 'measured', align: 'right' },
        { title: 'declared', align: 'right' },
      ],
      state.shards.flatMap(({ shard, pods }) =>
        pods.map((pod) => [
          shard,
          pod.pod,
          pod.address,
          podWord(pod),
          pod.table,
          pod.memoryBytes === 0 ? 'not known' : bytes(pod.memoryBytes),
          bytes(pod.declaredBytes),
        ]),
      ),
      drawing,
    ),
    ...aliasLines(state.aliases.list, drawing),
    ...models(state.shards, drawing),
  ];
  return `${lines.join('\n')}\n`;
}

/** What each alias leads to now. */
function aliasLines(list: readonly AliasState[], drawing: TextOptions & { readonly style: Style }): readonly string[] {
  if (list.length === 0) return [];
  const rows = list
    .slice(0, listed)
    .flatMap(({ alias, targets, mirror }) => [
      ...targets.map(({ model, weight, shareMicro }, i) => [
        i === 0 ? alias : '',
        model,
        String(weight),
        shareMicro === 0 && weight > 0 ? 'not up' : percent(shareMicro),
      ]),
      ...(mirror === null
        ? []
        : [['', mirror.model, 'mirror', mirror.up ? `copies of ${percent(mirror.shareMicro)}` : 'not up']]),
    ]);
  const more = list.length > listed ? [`  ... and ${count(list.length - listed)} more`] : [];
  const columns = [{ title: 'alias' }, { title: 'model' }, { title: 'weight' }, { title: 'requests' }];
  return ['', 'Aliases', ...table(columns, rows, drawing), ...more];
}

function problems({ ready, source, routes, aliases, shards }: MeshState): string[] {
  return [
    ...(ready ? [] : ['Envoy has no routes of this meshd yet.']),
    ...(source.problem === null ? [] : [`The declared placement cannot be read: ${source.problem}`]),
    ...(routes.refused === null ? [] : [`Envoy refused the last routes: ${routes.refused}`]),
    ...(aliases.problem === null ? [] : [`The route table is not used: ${aliases.problem}`]),
    ...shards.flatMap(({ shard, table: { problem } }) =>
      problem === null ? [] : [`The table of shard ${shard} is not used: ${problem}`],
    ),
  ];
}

function podWord({ alive, agent, serving, member }: PodState): string {
  if (!alive) return 'ending';
  if (agent === 'lost') return 'agent lost';
  if (agent === 'not-heard') return 'starting';
  if (!serving) return 'server down';
  return member ? 'serving' : 'loading';
}

function paintPod(cell: string, style: Style): string {
  const word = cell.trim();
  if (word === 'serving') return style.green(cell);
  return word === 'agent lost' || word === 'server down' ? style.red(cell) : style.yellow(cell);
}

function models(shards: readonly ShardState[], drawing: TextOptions & { readonly style: Style }): string[] {
  const rows = shards.flatMap(({ shard, models: own = [] }) =>
    own.map(({ model, state, pods }) => {
      const measured = Math.max(-1, ...pods.map(({ memoryBytes }) => memoryBytes ?? -1));
      const reasons = new Set(pods.flatMap(({ reason }) => (reason === null ? [] : [reason])));
      return [shard, model, state, measured < 0 ? '' : bytes(measured), [...reasons].join('; ')];
    }),
  );
  if (rows.length === 0) return [];
  const shown = drawing.verbose === true ? rows : rows.slice(0, listed);
  const columns = [
    { title: 'shard', optional: 1 },
    { title: 'model' },
    { title: 'state' },
    { title: 'measured', align: 'right' as const, optional: 2 },
    { title: 'reason', flex: true },
  ];
  const rest = rows.length - shown.length;
  return ['', 'Models', ...table(columns, shown, drawing), ...(rest > 0 ? [`  ... and ${count(rest)} more`] : [])];
}

import { byCodePoint } from '../declare/findings';
import type { Plan, PlannedShard, PoolUsage } from '../plan/plan';
import type { Categories } from './svg-categories';
import { clipTo, rect, text, textWidth, tooltip } from './svg-elements';
import { bytes, count, percent, plural, shareMicro } from './units';

export interface Drawn {
  readonly svg: string;
  readonly height: number;
}

interface Grid {
  readonly width: number;
  readonly height: number;
  readonly gap: number;
}

/** From few and large to many and small; a pool with more shards than the last holds draws several as one. */
const grids: readonly Grid[] = [
  { width: 172, height: 150, gap: 16 },
  { width: 100, height: 140, gap: 12 },
  { width: 58, height: 130, gap: 10 },
  { width: 36, height: 120, gap: 8 },
  { width: 22, height: 92, gap: 6 },
  { width: 13, height: 66, gap: 4 },
  { width: 8, height: 46, gap: 3 },
  { width: 5, height: 34, gap: 2 },
];
const tallest = 310;

/** Each shard a column: the models it holds stacked by size in what a pod has, beside it how busy the pod is. */
export function drawShards(
  shards: readonly PlannedShard[],
  pool: PoolUsage,
  colours: Categories,
  at: { readonly x: number; readonly y: number; readonly width: number },
): Drawn {
  const perRow = (grid: Grid) => Math.max(1, Math.floor((at.width + grid.gap) / (grid.width + grid.gap)));
  const rowsOf = (grid: Grid, cells: number) => Math.ceil(cells / perRow(grid));
  const labelled = (grid: Grid) => (grid.width >= 36 ? 16 : 0);
  const heightOf = (grid: Grid, cells: number) => rowsOf(grid, cells) * (grid.height + grid.gap + labelled(grid));
  const last = grids[grids.length - 1] as Grid;
  const grid = grids.find((candidate) => heightOf(candidate, shards.length) <= tallest) ?? last;
  const room = perRow(grid) * Math.floor(tallest / (grid.height + grid.gap));
  const each = Math.max(1, Math.ceil(shards.length / room));
  const parts: string[] = [];
  const cells = Math.ceil(shards.length / each);
  const order = fullestFirst(shards, pool);
  for (let cell = 0; cell < cells; cell++) {
    const x = at.x + (cell % perRow(grid)) * (grid.width + grid.gap);
    const y = at.y + Math.floor(cell / perRow(grid)) * (grid.height + grid.gap + labelled(grid));
    parts.push(column(order.slice(cell * each, (cell + 1) * each), pool, colours, grid, x, y));
  }
  let height = heightOf(grid, cells);
  if (each > 1) {
    parts.push(text(at.x, at.y + height + 8, `each column stands for ${count(each)} shards`, 'sw-small'));
    height += 18;
  }
  return { svg: parts.join('\n'), height };
}

function column(
  group: readonly PlannedShard[],
  pool: PoolUsage,
  colours: Categories,
  grid: Grid,
  x: number,
  y: number,
): string {
  const busy = grid.width >= 13 ? Math.max(3, Math.min(6, grid.width * 0.12)) : 0;
  const width = grid.width - (busy > 0 ? busy + 2 : 0);
  const round = grid.width >= 22 ? ' rx="2"' : '';
  const parts = [
    tooltip(describe(group, pool)),
    rect(x, y, width, grid.height, `class="sw-room"${round}`),
    ...stack(group, pool, colours, { x, y, width, height: grid.height }),
  ];
  if (busy > 0) {
    const share = Math.min(1, busyMicro(group, pool) / 1e6);
    parts.push(rect(x + width + 2, y, busy, grid.height, 'class="sw-room"'));
    if (share > 0)
      parts.push(rect(x + width + 2, y + grid.height * (1 - share), busy, grid.height * share, 'class="sw-busy"'));
  }
  const [first] = group;
  if (grid.width >= 36 && first !== undefined)
    parts.push(text(x, y + grid.height + 12, clipTo(columnLabel(first, grid.width), grid.width, 10), 'sw-small'));
  return `<g>${parts.join('')}</g>`;
}

function fullestFirst(shards: readonly PlannedShard[], pool: PoolUsage): readonly PlannedShard[] {
  const memory = memoryOf(pool);
  const fill = new Map(shards.map((shard) => [shard.id, shareMicro(shard.used[memory], shard.capacity[memory])]));
  return [...shards].sort((a, b) => (fill.get(b.id) ?? 0) - (fill.get(a.id) ?? 0) || byCodePoint(a.id, b.id));
}

function columnLabel(shard: PlannedShard, width: number): string {
  const copies = shard.replicas > 1 ? ` ×${shard.replicas}` : '';
  const long = `${shard.id}${copies}`;
  return textWidth(long, 10) <= width ? long : copies.trim();
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Most slices a column; beyond, models of one colour are one slice. Narrow columns are many: they hold fewer. */
const mostSlices = (width: number) => (width >= 18 ? 60 : 12);

function stack(group: readonly PlannedShard[], pool: PoolUsage, colours: Categories, box: Box): string[] {
  const capacity = group.reduce((sum, shard) => sum + shard.capacity[memoryOf(pool)], 0);
  const used = group.reduce((sum, shard) => sum + shard.used[memoryOf(pool)], 0);
  const slices = slicesOf(group, pool, colours, mostSlices(box.width));
  const total = slices.reduce((sum, slice) => sum + slice.size, 0);
  if (capacity <= 0 || total <= 0) return [];
  // What the runtime takes for each model is spread over them: the stack is as high as the pod is full.
  const scale = (box.height * Math.min(1, used / capacity)) / total;
  const parts: string[] = [];
  let bottom = box.y + box.height;
  slices.forEach((slice, i) => {
    const height = slice.size * scale;
    bottom -= height;
    if (height < 0.05) return;
    const line = height > 3 ? 0.6 : 0;
    parts.push(
      rect(
        box.x,
        bottom,
        box.width,
        Math.max(0.1, height - line),
        `class="sw-c${slice.category} sw-t${i % 3}"`,
        slice.model === null || box.width < 18 ? '' : tooltip(`${slice.model}, ${bytes(slice.size)}`),
      ),
    );
    if (slice.model !== null && box.width >= 80 && height >= 13)
      parts.push(
        text(box.x + 5, bottom + height / 2 + 3.5, clipTo(shortName(slice.model), box.width - 10, 10), 'sw-in'),
      );
  });
  return parts;
}

interface Slice {
  readonly category: number;
  readonly size: number;
  readonly model: string | null;
}

function slicesOf(group: readonly PlannedShard[], pool: PoolUsage, colours: Categories, most: number): Slice[] {
  const memory = memoryOf(pool);
  const single: Slice[] = group.flatMap((shard) =>
    shard.models.map((model, i) => ({
      category: colours.of(shard, model),
      size: shard.sizes[memory][i] ?? 0,
      model,
    })),
  );
  if (single.length <= most) return single.sort((a, b) => a.category - b.category || b.size - a.size);
  const sums = new Map<number, number>();
  for (const { category, size } of single) sums.set(category, (sums.get(category) ?? 0) + size);
  return [...sums].sort((a, b) => a[0] - b[0]).map(([category, size]) => ({ category, size, model: null }));
}

function memoryOf(pool: PoolUsage): 'acceleratorMemoryBytes' | 'memoryBytes' {
  return pool.accelerator === null ? 'memoryBytes' : 'acceleratorMemoryBytes';
}

function busyMicro(group: readonly PlannedShard[], pool: PoolUsage): number {
  const time = pool.accelerator === null ? 'cpuMillis' : 'microDuty';
  const sum = (of: 'used' | 'capacity') => group.reduce((total, shard) => total + shard[of][time], 0);
  return shareMicro(sum('used'), sum('capacity'));
}

function describe(group: readonly PlannedShard[], pool: PoolUsage): string {
  // A model may be in several of them.
  const models = new Set(group.flatMap((shard) => shard.models)).size;
  const memory = memoryOf(pool);
  const sum = (of: 'used' | 'capacity') => group.reduce((total, shard) => total + shard[of][memory], 0);
  const [first] = group;
  const name =
    group.length === 1 && first !== undefined
      ? `${first.id}: ${plural(first.replicas, 'pod')}`
      : plural(group.length, 'shard');
  const what = memory === 'memoryBytes' ? 'memory' : 'GPU memory';
  return `${name}, ${plural(models, 'model')}, ${what} ${bytes(sum('used'))} of ${bytes(sum('capacity'))}, busy ${percent(busyMicro(group, pool))} of the target`;
}

function shortName(model: string): string {
  return model.slice(model.indexOf('/') + 1).replace(/@1$/, '');
}

export function shardsByPool(plan: Plan): ReadonlyMap<string, readonly PlannedShard[]> {
  const result = new Map<string, PlannedShard[]>();
  for (const shard of plan.shards) {
    const list = result.get(shard.pool);
    if (list === undefined) result.set(shard.pool, [shard]);
    else list.push(shard);
  }
  return result;
}

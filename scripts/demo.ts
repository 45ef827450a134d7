/** `npm run demo`: plans the image zoo, then sets KServe's published numbers beside Stowage's. */
import { join } from 'node:path';
import { loadFleet, planFleet } from 'stowage';
import * as benchmark from '../examples/kserve-benchmark/compare';
import * as news from '../examples/news-categories/compare';
import type { EventSink } from '../src/events';
import { planText } from '../src/report/plan-text';

const width = Math.min(process.stdout.columns ?? 100, 120);
const color = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;

/** One line a phase; on a terminal the line counts while the phase runs. */
const progress: EventSink = (event) => {
  if (event.type === 'phase-end')
    process.stderr.write(`${clear}  ${event.phase.padEnd(6)} ${event.detail ?? 'done'}\n`);
  else if (process.stderr.isTTY === true && event.type === 'phase-progress')
    process.stderr.write(`${clear}  ${event.phase.padEnd(6)} ${event.done}${event.total ? ` of ${event.total}` : ''}`);
};
const clear = process.stderr.isTTY === true ? '\r\u001b[K' : '';

function heading(text: string): void {
  console.log(`\n${'='.repeat(width)}\n${text}\n`);
}

heading('1. The image zoo: every timm model with a measured throughput, on two kinds of GPU (examples/image-zoo)');
const fleet = loadFleet(join(__dirname, '..', 'examples', 'image-zoo', 'fleet.yaml'), { onEvent: progress });
console.log(`\n${planText(planFleet(fleet, { onEvent: progress }).plan, { color, width })}`);

heading("2. The numbers of KServe's page, and Stowage's for the same models (examples/news-categories)");
console.log(news.report(news.compare()));

heading("3. KServe's benchmark cluster (examples/kserve-benchmark)");
console.log(benchmark.report(benchmark.compare()));
console.log('\nNext: `npx stowage init` in a directory of your own, or read examples/README.md');

// Preloaded into a measured process: notes its peak resident memory (bytes) in a file when it ends.
const { readFileSync, writeFileSync } = require('node:fs');

process.on('exit', () => {
  // Not getrusage: on Linux a child's figure starts at what its parent had when it was started.
  let peak = process.resourceUsage().maxRSS * 1024;
  try {
    peak = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
  } catch {}
  writeFileSync(process.env.STOWAGE_BENCH_PEAK, String(peak));
});

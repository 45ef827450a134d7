// Preloaded into a measured process: notes its peak resident memory (bytes) and processor seconds when it ends.
const { readFileSync, writeFileSync } = require('node:fs');

process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  // Not getrusage's: on Linux a child's figure starts at what its parent had when it was started.
  let peakBytes = maxRSS * 1024;
  try {
    peakBytes = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
  } catch {}
  const usage = { peakBytes, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6 };
  writeFileSync(process.env.STOWAGE_BENCH_USAGE, JSON.stringify(usage));
});

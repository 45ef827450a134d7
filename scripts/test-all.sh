#!/usr/bin/env bash
# Every check and every test of the project; the last line printed is `N passed, N failed[, N skipped]`.
# Usage: npm test      exit status: 0 when nothing failed
set -uo pipefail
cd "$(dirname "$0")/.."

results=$(mktemp); log=$(mktemp)
trap 'rm -f "$results" "$log"' EXIT
passed=0 failed=0 skipped=0

# step NAME COMMAND...: one check; its output is shown only when it fails
step() {
  local name=$1; shift
  if "$@" > "$log" 2>&1; then echo "ok    $name"; passed=$((passed + 1))
  else echo "FAIL  $name"; sed 's/^/      /' "$log" | tail -60; failed=$((failed + 1)); fi
}

[ -d node_modules ] && [ -z "${CI:-}" ] || step 'install' npm ci --no-audit --no-fund
step 'build' npm run build
step 'lint (biome)' npm run lint
step 'types (tsc)' npm run typecheck
step 'dependency direction (dependency-cruiser)' npm run check:direction
step 'dead code (knip)' npm run check:dead
step 'package (publint, attw)' npm run check:package

# Real Envoy, MLServer, Triton, their clients, and storage servers; without them their tests are skipped and say so.
if bash scripts/mesh-parts.sh envoy mlserver triton clients kserve s3 gcs registry > "$log" 2>&1; then echo "ok    parts of the mesh are there"
else echo "note  some parts of the mesh are missing, their tests are skipped: $(tail -1 "$log")"; fi

npx vitest run --reporter=default --reporter=json --outputFile.json="$results" || true
counts=$(node -e '
  const r = JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8"));
  const suites = r.testResults.filter((s) => s.status === "failed" && s.assertionResults.every((a) => a.status !== "failed")).length;
  console.log(r.numPassedTests, r.numFailedTests + suites, r.numPendingTests + r.numTodoTests);
' "$results" 2>/dev/null) || counts='0 1 0'
read -r p f s <<< "$counts"
passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))

[ "$skipped" -gt 0 ] && echo "skipped tests name what they lack, in the output above"
if [ "$skipped" -gt 0 ]; then echo "$passed passed, $failed failed, $skipped skipped"; else echo "$passed passed, $failed failed"; fi
[ "$failed" -eq 0 ]

#!/usr/bin/env bash
# Lays out what the images hold of Stowage: opt/stowage (compiled sources, production dependencies, bill of materials),
# the launchers usr/local/bin/{meshd,agent}, and etc/stowage/envoy.yaml for the router.
# Usage: images/tree.sh TARGET [DIST]     DIST: compiled sources (default: dist, which `npm run build` makes); needs npm
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

target=${1:?usage: images/tree.sh TARGET [DIST]}
dist=$(cd "${2:-$root/dist}" && pwd)
for entry in mesh agent; do
  [ -f "$dist/src/$entry/main.js" ] || { echo "images: $dist/src/$entry/main.js is missing: npm run build" >&2; exit 1; }
done
mkdir -p "$target"/{opt/stowage,usr/local/bin,etc/stowage}
target=$(cd "$target" && pwd)
own=$target/opt/stowage

cp "$root"/{package.json,package-lock.json,LICENSE} "$own/"
cd "$own"
npm ci --omit=dev --omit=peer --omit=optional --workspaces=false --ignore-scripts --no-audit --no-fund --silent
# What is left of package.json is what is installed: npm sbom complains of all else.
npm pkg delete devDependencies peerDependencies peerDependenciesMeta workspaces scripts bin
rm package-lock.json
npm sbom --sbom-format cyclonedx > sbom.cdx.json
cd "$OLDPWD"
mkdir "$own/dist"
cp -r "$dist/src" "$own/dist/src"
find "$own/dist" -name '*.d.ts' -delete

# launcher NAME ENTRY: what the pods' `command` names
launcher() {
  printf '#!/bin/sh\nexec node /opt/stowage/dist/src/%s "$@"\n' "$2" > "$target/usr/local/bin/$1"
  chmod 755 "$target/usr/local/bin/$1"
}
launcher meshd mesh/main.js
launcher agent agent/main.js

node "$root/images/envoy-config.cjs" "$dist" > "$target/etc/stowage/envoy.yaml"
# The pods run as users of their own: all may read, nobody but root may write.
chmod -R u=rwX,go=rX "$target"

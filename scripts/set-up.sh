# Brings what the other scripts need, where it is missing: system packages, Node 24 with the npm packages, dist/.
# To be sourced. When all is there it takes a fraction of a second and no network.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export ONNXRUNTIME_NODE_INSTALL=skip # Its CPU build is inside the package; a download of CUDA is not wanted.
export PATH="$PWD/node_modules/.bin:$PATH"

say() { printf '== %s\n' "$*" >&2; }

fail() {
  printf 'Cannot set up: %s\n  Fix: %s\n' "$1" "$2" >&2
  exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Arguments: names of Debian's packages.
install_packages() {
  local by_hand="install these by hand: $*"
  has apt-get || fail 'this system has no apt-get' "$by_hand"
  [ "$(id -u)" = 0 ] || has sudo || fail 'you are not root and there is no sudo' "$by_hand"
  say "installing $*"
  as_root apt-get update -qq >/dev/null || say 'apt-get update failed; trying the lists at hand'
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null || fail "apt-get could not install: $*" "$by_hand"
}

set_up_system() {
  local missing=()
  { has ffmpeg && has ffprobe; } || missing+=(ffmpeg)
  # The sample film has texts in it.
  { has fc-match && fc-match -f '%{file}' 'DejaVu Sans:bold' | grep -q DejaVu; } || missing+=(fontconfig fonts-dejavu-core)
  # Tests look at the HTML report in it.
  has chromium || missing+=(chromium)
  has node || missing+=(nodejs)
  has npm || missing+=(npm)
  has git || missing+=(git)
  has tmux || missing+=(tmux) # The tests look at what a terminal shows.
  { has python3 && python3 -c 'import numpy' 2>/dev/null; } || missing+=(python3 python3-numpy)
  [ ${#missing[@]} = 0 ] || install_packages "${missing[@]}"
}

# Any Node from 18 can fetch Node 24, which is one of the npm packages.
set_up_node() {
  local wanted
  wanted=$(sha256sum <package-lock.json | cut -c1-64)
  if [ -x node_modules/.bin/node ] && [ "$(cat node_modules/.set-up 2>/dev/null)" = "$wanted" ]; then return; fi
  local major
  major=$(node -p 'process.versions.node.split(".")[0]')
  [ "$major" -ge 18 ] || fail "Node $(node --version) cannot run today's npm" 'install Node 18 or newer; flow then brings its own Node 24'
  say 'installing npm packages, Node 24 among them'
  # Errors alone: npm warns of an older Node, which is here only to fetch the right one.
  npm ci --loglevel=error
  [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 24 ] ||
    fail 'npm did not bring Node 24' 'npm must be allowed to run the install script of "node": see allowScripts in package.json'
  printf '%s\n' "$wanted" >node_modules/.set-up
}

set_up_build() {
  local wanted
  wanted=$(find engine cache rules scripts/build.ts package.json package-lock.json tsconfig.json -type f -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-64)
  if [ -x dist/flow.js ] && [ "$(cat .flow/built 2>/dev/null)" = "$wanted" ]; then return; fi
  say 'building dist/'
  node scripts/build.ts
  mkdir -p .flow
  printf '%s\n' "$wanted" >.flow/built
}

set_up_system
set_up_node

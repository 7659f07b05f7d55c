#!/usr/bin/env bash
# From a fresh checkout to the features of a film: sets everything up, makes a sample film, builds its run.
# Safe to repeat: what is there already is not done again.
source "$(dirname "${BASH_SOURCE[0]}")/set-up.sh"
set_up_build

node scripts/make_sample.ts --out .flow/sample >/dev/null
say 'npx flow build run:.flow/sample/sample.mp4 --stage baseline'
npx --loglevel=error flow build run:.flow/sample/sample.mp4 --stage baseline
cat >&2 <<'END'

The manifest above lists every result; the features lie beside it as .npz files. What to try next:
  npx flow build run:.flow/sample/sample.mp4 --stage baseline     again: nothing to do
  npx flow build run:YOUR-VIDEO.mp4                               a video of your own
  npx flow --help                                                 README.md has the rest
END

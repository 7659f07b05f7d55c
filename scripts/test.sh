#!/usr/bin/env bash
# Everything that must hold: types, lint, unused code, layers, tests. Sets up what is missing first.
# The last line is `N passed, N failed`, with `, N skipped` where some were.
source "$(dirname "${BASH_SOURCE[0]}")/set-up.sh"
set_up_build

# The tests run what users run; without this, flow from its sources.
export FLOW_TEST_CLI="$PWD/dist/flow.js"
exec node scripts/run-tests.ts --checks "$@"

#!/usr/bin/env bash
# Asks whether the accepted decision is still right, with today's bills and prices: run by a schedule (docs/drift.md).
#
#   scripts/drift.sh PROVIDER...        such as openai, anthropic, litellm; their keys stand in the environment
#
# Writes drift.md: what moved, as Markdown. Exits with the answer: 0 it stands, 3 it changed, 4 nobody can tell. A pull that
# fails ends the run with another code: no answer at all.
set -euo pipefail
: "${1:?usage: scripts/drift.sh PROVIDER...}"
# Their own exit code 4 is about a source, not about the decision.
for provider in "$@"; do costcheck bill pull "$provider" || exit 1; done
costcheck prices pull --out prices.json || exit 1
code=0
costcheck drift --prices prices.json --format markdown >drift.md 2>drift.err || code=$?
cat drift.err >&2
if [ ! -s drift.md ]; then { echo '```'; cat drift.err; echo '```'; } >drift.md; fi
case $code in 0 | 3 | 4) exit "$code" ;; *) exit 1 ;; esac

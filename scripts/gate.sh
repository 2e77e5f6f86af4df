#!/usr/bin/env bash
# Previews a stack and gates the plan: the same in GitHub, in GitLab, before a push and by hand.
#
#   scripts/gate.sh STACK [option of `costcheck gate`]...
#
# Needs `pulumi` (logged in to the state) and `costcheck` on PATH; with `helm` on PATH, charts are priced too. Exits with the
# gate's answer: 0 allowed, 3 denied, 4 nobody can tell. A preview that fails is never allowed, whatever it wrote: a policy
# pack that stops it leaves no trace in the plan.
# GATE_PROGRAM, where it is set, is the folder of the Pulumi program; decisions, limits and waivers are looked for here.
# PREVIEW_ROLE_ARN and GATE_ROLE_ARN, where they are set, are two AWS roles (docs/ci/): what reads the state cannot be what
# looks up prices, and neither can change anything.
set -euo pipefail
stack=${1:-}
if [ -z "$stack" ]; then
    echo "no stack to gate: nobody can tell. usage: scripts/gate.sh STACK [option of \`costcheck gate\`]..." >&2
    exit 4
fi
shift
if ! command -v costcheck >/dev/null; then
    echo "costcheck is not on PATH, so nobody can tell: \`make setup\` in the kit puts it into .venv/bin" >&2
    exit 4
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

as() {  # as ROLE COMMAND...: with that role where there is one, else with the caller's own login
    if [ -n "$1" ]; then AWS_ROLE_ARN=$1 "${@:2}"; else "${@:2}"; fi
}

where=() program=()
if [ -n "${GATE_PROGRAM:-}" ]; then where=(--cwd "$GATE_PROGRAM") program=(--program "$GATE_PROGRAM"); fi
failed=""
if command -v pulumi >/dev/null; then
    as "${PREVIEW_ROLE_ARN:-}" pulumi stack export "${where[@]}" --stack "$stack" >"$folder/state.json" ||
        echo "the state cannot be read; the gate reads the plan alone" >&2
    as "${PREVIEW_ROLE_ARN:-}" pulumi preview "${where[@]}" --json --stack "$stack" >"$folder/plan.json" || failed=$?
else
    echo "pulumi is not on PATH, so nothing can be previewed: install it in a step before this one" >&2
    : >"$folder/plan.json"
    failed=127
fi
if [ ! -s "$folder/plan.json" ]; then echo "the preview wrote nothing; its own error stands above" >&2; fi
state=()
if [ -s "$folder/state.json" ]; then state=(--state "$folder/state.json"); fi
answer=0
as "${GATE_ROLE_ARN:-}" costcheck gate --plan "$folder/plan.json" "${state[@]}" "${program[@]}" --stack "$stack" "$@" ||
    answer=$?
if [ -n "$failed" ] && [ "$answer" -eq 0 ]; then
    echo "the preview exited with $failed: what it showed may be applied, but nobody can tell what it did not show" >&2
    exit 4
fi
exit "$answer"

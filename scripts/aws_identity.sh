#!/usr/bin/env bash
# In a job of GitHub Actions: gets the job's own identity (OIDC), with which the AWS SDKs of later steps take a role.
#
#   scripts/aws_identity.sh NAME REGION       NAME becomes a part of the session's name, which CloudTrail shows
#
# A job that may not ask for an identity (a fork, or no `id-token: write`) goes on without AWS, and says so.
set -euo pipefail
name=${1:?usage: scripts/aws_identity.sh NAME REGION} region=${2:?usage: scripts/aws_identity.sh NAME REGION}
if [ -z "${ACTIONS_ID_TOKEN_REQUEST_URL:-}" ]; then
    echo "::warning::this job may not ask for an identity (a fork, or no id-token: write); going on without AWS"
    exit 0
fi
token="$RUNNER_TEMP/aws-identity"
(umask 077 && curl --fail --silent --show-error \
    --header "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \
    "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=sts.amazonaws.com" |
    python3 -c 'import json, sys; sys.stdout.write(json.load(sys.stdin)["value"])' >"$token")
{
    echo "AWS_WEB_IDENTITY_TOKEN_FILE=$token"
    echo "AWS_ROLE_SESSION_NAME=costcheck-$name-$GITHUB_RUN_ID"
    echo "AWS_REGION=$region"
} >>"$GITHUB_ENV"

#!/bin/sh
# Tests a preview environment through forwards that are ready when the tests begin and gone when they end.
set -eu
cd "$(dirname "$0")"

# Whatever happens; quiet, so that the reason of a failure stays the last line of the log.
trap 'kpf down --quiet' EXIT
trap 'exit 143' INT TERM

# Ends the job when a forward cannot be ready: 124 when it took too long, or the code of what failed.
kpf up --wait --wait-timeout "${WAIT_TIMEOUT:-60s}"

# Where a forward listens is asked, so that the port may be another on a busy runner (KPF_PORT_OFFSET=100).
curl --fail --silent --show-error "$(kpf url app)"
curl --fail --silent --show-error "$(kpf url mailpit http)"

# The same as variables, for a test suite of its own; its exit code is that of the job.
kpf run -- sh -c 'curl --fail --silent --show-error "http://$APP_HOST:$APP_PORT"'

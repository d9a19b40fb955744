#!/bin/sh
# Tests our own packages, with the flags of build.sh. main and kubelet have no
# tests of their own: the e2e suite runs them.
set -e
cd "$(dirname "$0")"
export CGO_ENABLED=0
exec go test -trimpath -buildvcs=false "$@" ./namespace ./pki ./process ./runtime ./up ./users ./workload

#!/bin/sh
# Builds ./cluster, or the file given. Needs only the Go tool chain and the module proxy.
# Go's cache is keyed by these flags: other ones compile all of Kubernetes once more.
set -e
cd "$(dirname "$0")"
v=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
minor=${v#v1.}; minor=${minor%%.*}
p=k8s.io/component-base/version
c=k8s.io/client-go/pkg/version
x="-X $p.gitVersion=$v -X $p.gitMajor=1 -X $p.gitMinor=$minor -X $c.gitVersion=$v -X $c.gitMajor=1 -X $c.gitMinor=$minor"
export CGO_ENABLED=0
exec go build -trimpath -buildvcs=false -ldflags "-s -w $x" -o "${1:-cluster}" .

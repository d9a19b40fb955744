package users

import (
	"slices"
	"strings"
	"testing"

	rbac "k8s.io/api/rbac/v1"
)

// may is RBAC in small: does any role of the user allow this?
func may(user, verb, group, resource string) bool {
	for _, u := range TokenUsers {
		if u.Name != user {
			continue
		}
		for _, g := range grants() {
			isOwn := g.subject.Kind == rbac.UserKind && g.subject.Name == user
			isShared := g.subject.Kind == rbac.GroupKind && u.IsReader
			if (isOwn || isShared) && slices.ContainsFunc(g.rules, func(r rbac.PolicyRule) bool {
				return slices.Contains(r.Verbs, verb) && slices.Contains(r.APIGroups, group) &&
					(slices.Contains(r.Resources, resource) || slices.Contains(r.Resources, "*"))
			}) {
				return true
			}
		}
	}
	return false
}

func TestRights(t *testing.T) {
	const pf = "pods/portforward"
	for _, want := range []struct {
		user, verb, group, resource string
		may                         bool
	}{
		{"token", "create", "", pf, true},
		{"token", "watch", "discovery.k8s.io", "endpointslices", true},
		{"token", "list", "", "endpoints", true},
		{"token", "get", "", "replicationcontrollers", true},
		{"token", "get", "", "secrets", false},
		{"token", "delete", "", "pods", false},
		{"get-only", "get", "", pf, true},
		{"get-only", "create", "", pf, false},
		{"create-only", "get", "", pf, false},
		{"create-only", "create", "", pf, true},
		{"none", "get", "", pf, false},
		{"none", "watch", "", "pods", true},
		{"no-watch", "watch", "", "pods", false},
		{"no-watch", "watch", "apps", "deployments", false},
		{"no-watch", "list", "apps", "deployments", true},
		{"no-watch", "list", "", "services", true},
		{"no-watch", "create", "", pf, true},
		{"no-read", "get", "", "pods", true},
		{"no-read", "list", "", "pods", false},
		{"no-read", "get", "", "services", false},
		{"no-read", "get", "", pf, true},
		{"no-read", "create", "", pf, true},
	} {
		if got := may(want.user, want.verb, want.group, want.resource); got != want.may {
			t.Errorf("%s may %s %s.%s: %v", want.user, want.verb, want.resource, want.group, got)
		}
	}
}

func TestTokenLinesPutReadersIntoTheirGroup(t *testing.T) {
	text := tokenLines()
	for _, line := range []string{"token-of-token,token,1000,\"kpf-users\"\n", "token-of-no-watch,no-watch,1004,\"\"\n"} {
		if !strings.Contains(text, line) {
			t.Errorf("%q is not in:\n%s", line, text)
		}
	}
}

func TestAccount(t *testing.T) {
	for user, want := range map[string][2]string{"kpf": {"default", "kpf"}, "sa": {"default", "kpf"}, "shop/ci": {"shop", "ci"}} {
		if namespace, name := account(user); namespace != want[0] || name != want[1] {
			t.Errorf("%s: %s/%s", user, namespace, name)
		}
	}
}

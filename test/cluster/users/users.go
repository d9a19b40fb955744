// Package users owns who may do what in the cluster: the users of DIR/kubeconfig,
// their roles, their tokens. users.go is the table.
package users

import rbac "k8s.io/api/rbac/v1"

// readersGroup may read all that is needed to find a pod.
const readersGroup = "kpf-users"

// TokenUser is a user with a static bearer token. Its rights are those of its
// group, if any, and its own.
type TokenUser struct {
	Name     string
	IsReader bool // in readersGroup
	Rules    []rbac.PolicyRule
}

// Token is the bearer token of that user.
func (u TokenUser) Token() string { return "token-of-" + u.Name }

var (
	everyRead = []string{"get", "list", "watch"}
	// What a client looks at on its way from a name to a pod.
	coreKinds = []string{"pods", "services", "endpoints", "replicationcontrollers", "namespaces"}
)

// TokenUsers are all users but admin (client certificate) and sa (token of a
// service account). The name says what is special; those that say nothing of
// reading are readers.
var TokenUsers = []TokenUser{
	{Name: "token", IsReader: true, Rules: forward("get", "create")},
	// WebSocket needs both verbs since 1.35, raw SPDY only create.
	{Name: "get-only", IsReader: true, Rules: forward("get")},
	{Name: "create-only", IsReader: true, Rules: forward("create")},
	{Name: "none", IsReader: true},
	{Name: "no-watch", Rules: append(find("get", "list"), forward("get", "create")...)},
	{Name: "no-read", Rules: append(forward("get", "create"), rule([]string{"get"}, []string{""}, []string{"pods"}))},
}

func rule(verbs, groups, resources []string) rbac.PolicyRule {
	return rbac.PolicyRule{Verbs: verbs, APIGroups: groups, Resources: resources}
}

func forward(verbs ...string) []rbac.PolicyRule {
	return []rbac.PolicyRule{rule(verbs, []string{""}, []string{"pods/portforward"})}
}

func find(verbs ...string) []rbac.PolicyRule {
	return []rbac.PolicyRule{
		rule(verbs, []string{""}, coreKinds),
		rule(verbs, []string{"apps", "batch"}, []string{"*"}),
		rule(verbs, []string{"discovery.k8s.io"}, []string{"endpointslices"}),
	}
}

// grant is a ClusterRole and its one binding, under the same name.
type grant struct {
	name    string
	subject rbac.Subject
	rules   []rbac.PolicyRule
}

// grants are all the roles of the table, in a fixed order.
func grants() []grant {
	all := []grant{
		{"kpf-read", rbac.Subject{Kind: rbac.GroupKind, APIGroup: rbac.GroupName, Name: readersGroup}, find(everyRead...)},
		{"kpf-sa", rbac.Subject{Kind: rbac.ServiceAccountKind, Namespace: accountNamespace, Name: accountName},
			[]rbac.PolicyRule{rule([]string{"get", "list", "watch", "create"}, []string{"", "apps", "batch", "discovery.k8s.io"}, []string{"*"})}},
	}
	for _, u := range TokenUsers {
		if len(u.Rules) > 0 {
			all = append(all, grant{"kpf-" + u.Name, rbac.Subject{Kind: rbac.UserKind, APIGroup: rbac.GroupName, Name: u.Name}, u.Rules})
		}
	}
	return all
}

// create.go - makes the table true in a running cluster.

package users

import (
	"context"
	"time"

	authentication "k8s.io/api/authentication/v1"
	core "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientset "k8s.io/client-go/kubernetes"
)

// The account behind the context "sa".
const (
	accountNamespace = "default"
	accountName      = "kpf"
	accountLife      = 24 * time.Hour
)

// Create makes the roles and the service account, and returns its token. What
// is there already stays.
func Create(ctx context.Context, client clientset.Interface) (token string, err error) {
	for _, g := range grants() {
		if err := g.create(ctx, client); err != nil {
			return "", err
		}
	}
	accounts := client.CoreV1().ServiceAccounts(accountNamespace)
	_, err = accounts.Create(ctx, &core.ServiceAccount{ObjectMeta: meta.ObjectMeta{Name: accountName}}, meta.CreateOptions{})
	if unlessThere(err) != nil {
		return "", err
	}
	seconds := int64(accountLife.Seconds())
	request := &authentication.TokenRequest{Spec: authentication.TokenRequestSpec{ExpirationSeconds: &seconds}}
	granted, err := accounts.CreateToken(ctx, accountName, request, meta.CreateOptions{})
	if err != nil {
		return "", err
	}
	return granted.Status.Token, nil
}

func (g grant) create(ctx context.Context, client clientset.Interface) error {
	named := meta.ObjectMeta{Name: g.name}
	_, err := client.RbacV1().ClusterRoles().Create(ctx, &rbac.ClusterRole{ObjectMeta: named, Rules: g.rules}, meta.CreateOptions{})
	if unlessThere(err) != nil {
		return err
	}
	_, err = client.RbacV1().ClusterRoleBindings().Create(ctx, &rbac.ClusterRoleBinding{ObjectMeta: named,
		RoleRef:  rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "ClusterRole", Name: g.name},
		Subjects: []rbac.Subject{g.subject}}, meta.CreateOptions{})
	return unlessThere(err)
}

func unlessThere(err error) error {
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

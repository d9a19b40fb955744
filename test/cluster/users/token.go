// token.go - the part "token": prints a token that ends when a test wants it to.

package users

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kpf.test/cluster/pki"
)

// PrintToken signs and prints. The account must exist: the API server refuses
// a token whose UID is not that of the living account.
func PrintToken(args []string) error {
	flags := flag.NewFlagSet("cluster token", flag.ExitOnError)
	dir := flags.String("dir", "", "directory of the running cluster")
	user := flags.String("user", accountName, "service account: NAME or NAMESPACE/NAME")
	expiresIn := flags.Duration("expires-in", time.Hour, "lifetime; negative for a token that has expired")
	flags.Parse(args)

	namespace, name := account(*user)
	client, err := Client(*dir)
	if err != nil {
		return err
	}
	a, err := client.CoreV1().ServiceAccounts(namespace).Get(context.Background(), name, meta.GetOptions{})
	if err != nil {
		return err
	}
	token, err := pki.SignToken(filepath.Join(*dir, "pki", "sa.key"),
		pki.ServiceAccount{Namespace: namespace, Name: name, UID: string(a.UID)}, time.Now().Add(*expiresIn))
	if err != nil {
		return err
	}
	fmt.Println(token)
	return nil
}

// account splits NAMESPACE/NAME. "sa" is what the kubeconfig calls the account kpf.
func account(user string) (namespace, name string) {
	namespace, name, found := strings.Cut(user, "/")
	if !found {
		namespace, name = accountNamespace, user
	}
	if namespace == accountNamespace && name == "sa" {
		name = accountName
	}
	return namespace, name
}

// kubeconfig.go - writes the files by which users and parts of the cluster are
// known: kubeconfigs and the API server's list of static tokens.

package users

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// Files writes for one cluster.
type Files struct {
	Dir    string
	Server string                   // URL of the API server
	Pki    func(name string) string // path of a file of the authority
}

// Kubeconfig is the one for people and tests, with one context per user.
func (f Files) Kubeconfig() string { return filepath.Join(f.Dir, "kubeconfig") }

// PartKubeconfig is that of one part of the cluster.
func (f Files) PartKubeconfig(part string) string { return filepath.Join(f.Dir, part+".kubeconfig") }

// WriteTokens writes the file for --token-auth-file and returns its path.
func (f Files) WriteTokens() (string, error) {
	path := f.Pki("tokens.csv")
	return path, os.WriteFile(path, []byte(tokenLines()), 0o600)
}

func tokenLines() string {
	var lines strings.Builder
	for i, u := range TokenUsers {
		group := ""
		if u.IsReader {
			group = readersGroup
		}
		fmt.Fprintf(&lines, "%s,%s,%d,%q\n", u.Token(), u.Name, 1000+i, group)
	}
	return lines.String()
}

// WritePart writes the kubeconfig of a part that has a certificate of its name.
func (f Files) WritePart(part string) error {
	k, err := f.config()
	if err != nil {
		return err
	}
	if err := f.addCertificate(k, part); err != nil {
		return err
	}
	return clientcmd.WriteToFile(*k, f.PartKubeconfig(part))
}

// WriteUsers writes the kubeconfig of all users. Before there is a service
// account its token is "" and the context sa is missing.
func (f Files) WriteUsers(serviceAccountToken string) error {
	k, err := f.config()
	if err != nil {
		return err
	}
	for _, u := range TokenUsers {
		add(k, u.Name, &api.AuthInfo{Token: u.Token()})
	}
	if serviceAccountToken != "" {
		add(k, "sa", &api.AuthInfo{Token: serviceAccountToken})
	}
	if err := f.addCertificate(k, "admin"); err != nil {
		return err
	}
	return clientcmd.WriteToFile(*k, f.Kubeconfig())
}

func (f Files) config() (*api.Config, error) {
	ca, err := os.ReadFile(f.Pki("ca.crt"))
	if err != nil {
		return nil, err
	}
	k := api.NewConfig()
	k.Clusters["kpf"] = &api.Cluster{Server: f.Server, CertificateAuthorityData: ca}
	return k, nil
}

func add(k *api.Config, name string, auth *api.AuthInfo) {
	k.AuthInfos[name] = auth
	k.Contexts[name] = &api.Context{Cluster: "kpf", AuthInfo: name, Namespace: "default"}
	k.CurrentContext = name
}

func (f Files) addCertificate(k *api.Config, name string) error {
	cert, err := os.ReadFile(f.Pki(name + ".crt"))
	if err != nil {
		return err
	}
	key, err := os.ReadFile(f.Pki(name + ".key"))
	if err != nil {
		return err
	}
	add(k, name, &api.AuthInfo{ClientCertificateData: cert, ClientKeyData: key})
	return nil
}

// Client acts as the admin of the cluster in DIR.
func Client(dir string) (*clientset.Clientset, error) {
	cfg, err := clientcmd.BuildConfigFromFlags("", Files{Dir: dir}.Kubeconfig())
	if err != nil {
		return nil, err
	}
	cfg.QPS, cfg.Burst = 200, 400
	return clientset.NewForConfig(cfg)
}

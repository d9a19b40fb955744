// control_plane.go - the flags of etcd, API server, controllers and scheduler.

package up

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"kpf.test/cluster/pki"
	"kpf.test/cluster/users"
)

// controllerList leaves out what only costs time here: volumes, certificates,
// quotas, autoscaling.
var controllerList = strings.Join([]string{
	"deployment-controller", "replicaset-controller", "replicationcontroller-controller", "statefulset-controller",
	"daemonset-controller", "job-controller", "endpoints-controller", "endpointslice-controller",
	"serviceaccount-controller", "serviceaccount-token-controller", "root-ca-certificate-publisher-controller",
	"namespace-controller", "garbage-collector-controller", "pod-garbage-collector-controller",
	"clusterrole-aggregation-controller", "node-lifecycle-controller", "taint-eviction-controller",
}, ",")

func (c *cluster) startControlPlane() error {
	if err := c.writeIdentities(); err != nil {
		return err
	}
	etcdURL, err := c.startEtcd()
	if err != nil {
		return err
	}
	if err := c.startAPIServer(etcdURL); err != nil {
		return err
	}
	if err := c.children.Start("controllers", "controllers", append([]string{
		"--kubeconfig=" + c.files.PartKubeconfig("controllers"), "--leader-elect=false", "--secure-port=0",
		"--service-account-private-key-file=" + c.ca.Path("sa.key"), "--root-ca-file=" + c.ca.Path("ca.crt"),
		"--controllers=" + controllerList, "--use-service-account-credentials",
	}, c.controllersArgs...)...); err != nil {
		return err
	}
	if err := c.children.Start("scheduler", "scheduler",
		"--kubeconfig="+c.files.PartKubeconfig("scheduler"), "--leader-elect=false", "--secure-port=0"); err != nil {
		return err
	}
	return c.eventually(startLimit, "apiserver", func() error {
		client, err := users.Client(c.dir)
		if err != nil {
			return err
		}
		return client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(context.Background()).Error()
	})
}

// writeIdentities writes the certificates and kubeconfigs of the control plane.
func (c *cluster) writeIdentities() error {
	for name, subject := range map[string][]string{
		"apiserver":         {"kube-apiserver"},
		"apiserver-kubelet": {"kube-apiserver", "system:masters"},
		"admin":             {"admin", "system:masters"},
		"controllers":       {"system:kube-controller-manager"},
		"scheduler":         {"system:kube-scheduler"},
	} {
		if err := c.ca.Issue(name, subject[0], subject[1:]...); err != nil {
			return err
		}
	}
	for _, part := range []string{"controllers", "scheduler"} {
		if err := c.files.WritePart(part); err != nil {
			return err
		}
	}
	return c.files.WriteUsers("")
}

func (c *cluster) startEtcd() (url string, err error) {
	client, err := freePort()
	if err != nil {
		return "", err
	}
	peer, err := freePort()
	if err != nil {
		return "", err
	}
	url = fmt.Sprintf("http://127.0.0.1:%d", client)
	return url, c.children.Start("etcd", "etcd", "--dir="+filepath.Join(c.dir, "etcd"),
		"--client="+url, fmt.Sprintf("--peer=http://127.0.0.1:%d", peer))
}

func (c *cluster) startAPIServer(etcdURL string) error {
	tokens, err := c.files.WriteTokens()
	if err != nil {
		return err
	}
	p := c.ca.Path
	return c.children.Start("apiserver", "apiserver", append([]string{
		"--etcd-servers=" + etcdURL,
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", c.port),
		// It refuses to advertise loopback; nobody uses the advertised address.
		"--advertise-address=192.0.2.1", "--endpoint-reconciler-type=none",
		"--tls-cert-file=" + p("apiserver.crt"), "--tls-private-key-file=" + p("apiserver.key"),
		"--client-ca-file=" + p("ca.crt"), "--token-auth-file=" + tokens,
		"--kubelet-client-certificate=" + p("apiserver-kubelet.crt"), "--kubelet-client-key=" + p("apiserver-kubelet.key"),
		"--kubelet-certificate-authority=" + p("ca.crt"), "--kubelet-preferred-address-types=InternalIP",
		"--service-account-key-file=" + p("sa.pub"), "--service-account-signing-key-file=" + p("sa.key"),
		"--service-account-issuer=" + pki.Issuer,
		"--authorization-mode=Node,RBAC", "--allow-privileged", "--service-cluster-ip-range=10.96.0.0/16",
	}, c.apiServerArgs...)...)
}

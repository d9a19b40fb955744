// ready.go - what the control line "ready" promises.

package up

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"time"

	"kpf.test/cluster/users"
)

// waitUntilReady waits for the API server, and for every kubelet that is not
// stopped on purpose. Their pods may take a second more.
//
// The kubelets are asked directly: an API server proxies to no loopback address,
// and the nodes' conditions tell of a kubelet's death only after 40 s.
func (c *cluster) waitUntilReady() error {
	client, err := users.Client(c.dir)
	if err != nil {
		return err
	}
	if err := c.eventually(startLimit, "apiserver", func() error {
		return client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(context.Background()).Error()
	}); err != nil {
		return err
	}
	kubelets, err := c.kubeletClient()
	if err != nil {
		return err
	}
	for i := 1; i <= c.nodes; i++ {
		name := kubeletName(i)
		if !c.children.Runs(name) {
			continue
		}
		if err := c.eventually(startLimit, name, func() error { return isHealthy(kubelets, c.kubeletPorts[name]) }); err != nil {
			return err
		}
	}
	return nil
}

// kubeletClient comes as the API server does.
func (c *cluster) kubeletClient() (*http.Client, error) {
	cert, err := tls.LoadX509KeyPair(c.ca.Path("apiserver-kubelet.crt"), c.ca.Path("apiserver-kubelet.key"))
	if err != nil {
		return nil, err
	}
	ca, err := os.ReadFile(c.ca.Path("ca.crt"))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	// A paused kubelet accepts connections, so there must be a limit.
	return &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true,
		TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{cert}}}}, nil
}

func isHealthy(client *http.Client, port int) error {
	answer, err := client.Get(fmt.Sprintf("https://127.0.0.1:%d/healthz", port))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("/healthz: %s", answer.Status)
	}
	return nil
}

// node.go - the flags of a node's two processes, and its adoption.

package up

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientset "k8s.io/client-go/kubernetes"
	cloudprovider "k8s.io/cloud-provider/api"
)

func nodeName(i int) string    { return fmt.Sprintf("node-%d", i) }
func kubeletName(i int) string { return fmt.Sprintf("kubelet-%d", i) }
func runtimeName(i int) string { return fmt.Sprintf("runtime-%d", i) }

func (c *cluster) startNode(i int) error {
	name := nodeName(i)
	if err := c.ca.Issue(name, "system:node:"+name, "system:nodes"); err != nil {
		return err
	}
	if err := c.files.WritePart(name); err != nil {
		return err
	}
	// Short names: a unix socket's path may have 107 bytes.
	dir := filepath.Join(c.dir, fmt.Sprintf("n%d", i))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	socket := filepath.Join(dir, "cri.sock")
	if err := c.startRuntime(i, dir, socket); err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	c.kubeletPorts[kubeletName(i)] = port
	return c.children.Start(kubeletName(i), "kubelet", append([]string{
		"--name=" + name, "--dir=" + filepath.Join(dir, "k"), "--runtime=unix://" + socket, fmt.Sprintf("--port=%d", port),
		"--kubeconfig=" + c.files.PartKubeconfig(name),
		"--ca=" + c.ca.Path("ca.crt"), "--cert=" + c.ca.Path(name+".crt"), "--key=" + c.ca.Path(name+".key"),
	}, c.kubeletArgs...)...)
}

// startRuntime also waits until it listens: a kubelet without a runtime gives up.
func (c *cluster) startRuntime(i int, dir, socket string) error {
	if err := c.children.Start(runtimeName(i), "runtime", append([]string{
		"--dir=" + filepath.Join(dir, "r"), "--socket=" + socket, fmt.Sprintf("--subnet=10.88.%d.", i),
	}, c.runtimeArgs...)...); err != nil {
		return err
	}
	return c.eventually(10*time.Second, runtimeName(i), func() error {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			conn.Close()
		}
		return err
	})
}

// adopt does what a cloud provider does for a new node: it gives it its address
// and takes the "uninitialized" taint away. It succeeds when the node is Ready.
func adopt(ctx context.Context, client clientset.Interface, name string) error {
	nodes := client.CoreV1().Nodes()
	n, err := nodes.Get(ctx, name, meta.GetOptions{})
	if err != nil {
		return err
	}
	want := core.NodeAddress{Type: core.NodeInternalIP, Address: "127.0.0.1"}
	if len(n.Status.Addresses) != 1 || n.Status.Addresses[0] != want {
		n.Status.Addresses = []core.NodeAddress{want}
		if n, err = nodes.UpdateStatus(ctx, n, meta.UpdateOptions{}); err != nil {
			return err
		}
	}
	if initialize(n) {
		if n, err = nodes.Update(ctx, n, meta.UpdateOptions{}); err != nil {
			return err
		}
	}
	if !isReady(n) {
		return errors.New("not ready yet")
	}
	return nil
}

// initialize takes the cloud provider's taint away, and tells if it was there.
func initialize(n *core.Node) bool {
	for i, t := range n.Spec.Taints {
		if t.Key == cloudprovider.TaintExternalCloudProvider {
			n.Spec.Taints = append(n.Spec.Taints[:i], n.Spec.Taints[i+1:]...)
			return true
		}
	}
	return false
}

// isReady also wants no taint: a pod would stay Pending for a moment.
func isReady(n *core.Node) bool {
	for _, c := range n.Status.Conditions {
		if c.Type == core.NodeReady && c.Status == core.ConditionTrue {
			return len(n.Spec.Taints) == 0
		}
	}
	return false
}

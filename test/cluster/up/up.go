// Package up is the part "up": it starts all others in their order and then
// keeps them. up.go owns the flags and that order; what each part is given is
// in control_plane.go and node.go.
package up

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientset "k8s.io/client-go/kubernetes"

	"kpf.test/cluster/pki"
	"kpf.test/cluster/process"
	"kpf.test/cluster/users"
)

// startLimit is for one part on a busy machine; it usually takes 1 to 3 s.
const startLimit = time.Minute

// repeated is a flag that may be given many times.
type repeated []string

// String joins the values for the help text.
func (r *repeated) String() string { return strings.Join(*r, " ") }

// Set adds a value.
func (r *repeated) Set(s string) error { *r = append(*r, s); return nil }

type options struct {
	dir       string
	nodes     int
	isVerbose bool
	isRemoved bool

	apiServerArgs, controllersArgs, kubeletArgs, runtimeArgs repeated
}

func parse(args []string) options {
	var o options
	flags := flag.NewFlagSet("cluster up", flag.ExitOnError)
	flags.StringVar(&o.dir, "dir", "", "state directory, short (default: a new one in /tmp)")
	flags.IntVar(&o.nodes, "nodes", 2, "number of nodes")
	flags.BoolVar(&o.isVerbose, "v", false, "logs of all parts to stderr instead of DIR/log")
	flags.BoolVar(&o.isRemoved, "rm", false, "remove the state directory, which must be new or empty, at the end")
	flags.Var(&o.apiServerArgs, "apiserver-arg", "extra flag of kube-apiserver (repeatable)")
	flags.Var(&o.controllersArgs, "controllers-arg", "extra flag of kube-controller-manager (repeatable)")
	flags.Var(&o.kubeletArgs, "kubelet-arg", "extra flag of the kubelets, such as --feature-gates=... (repeatable)")
	flags.Var(&o.runtimeArgs, "runtime-arg", "extra flag of the runtimes (repeatable)")
	flags.Parse(args)
	return o
}

// cluster is what has been made of one cluster so far.
type cluster struct {
	options
	ca       *pki.Authority
	files    users.Files
	children *process.Group
	port     int // of the API server, also after it was started again

	kubeletPorts map[string]int // by name of the process
}

// Run starts a cluster, says so with the event "ready", and serves commands
// until it is told to end.
func Run(args []string) error {
	c := &cluster{options: parse(args), kubeletPorts: map[string]int{}}
	if err := c.makeDir(); err != nil {
		return err
	}
	if c.isRemoved {
		defer removeAll(c.dir)
	}
	var err error
	if c.ca, err = pki.NewAuthority(filepath.Join(c.dir, "pki")); err != nil {
		return err
	}
	if c.port, err = freePort(); err != nil {
		return err
	}
	c.files = users.Files{Dir: c.dir, Server: fmt.Sprintf("https://127.0.0.1:%d", c.port), Pki: c.ca.Path}
	if c.children, err = process.NewGroup(process.Options{Dir: c.dir, IsVerbose: c.isVerbose, Ready: c.waitUntilReady}); err != nil {
		return err
	}
	defer c.children.StopAll()
	// It obeys from the first moment on: a test may die while its cluster starts.
	failed := make(chan error, 1)
	go func() {
		if err := c.start(); err != nil {
			failed <- err
		}
	}()
	return c.children.Serve(failed)
}

func (c *cluster) makeDir() (err error) {
	if c.dir == "" {
		if c.dir, err = os.MkdirTemp("", "kpfc"); err != nil {
			return err
		}
	}
	if c.dir, err = filepath.Abs(c.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return err
	}
	there, err := os.ReadDir(c.dir)
	if err != nil {
		return err
	}
	if c.isRemoved && len(there) > 0 {
		return fmt.Errorf("%s is not empty, so it will not be removed at the end: leave --rm away", c.dir)
	}
	// Programs in pods may run as other users: they must be able to reach their directories.
	return os.Chmod(c.dir, 0o755)
}

// removeAll tries again: a program that was killed a moment ago may have made a
// file meanwhile.
func removeAll(dir string) {
	for range 20 {
		if os.RemoveAll(dir) == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (c *cluster) start() error {
	begun := time.Now()
	if err := c.startControlPlane(); err != nil {
		return err
	}
	apiServerMs := time.Since(begun).Milliseconds()
	for i := 1; i <= c.nodes; i++ {
		if err := c.startNode(i); err != nil {
			return err
		}
	}
	ctx := context.Background()
	client, err := users.Client(c.dir)
	if err != nil {
		return err
	}
	if err := c.makeUsers(ctx, client); err != nil {
		return err
	}
	for i := 1; i <= c.nodes; i++ {
		if err := c.eventually(startLimit, kubeletName(i), func() error { return adopt(ctx, client, nodeName(i)) }); err != nil {
			return err
		}
	}
	process.Event("ready", map[string]any{"dir": c.dir, "kubeconfig": c.files.Kubeconfig(), "server": c.files.Server,
		"apiserverMs": apiServerMs, "totalMs": time.Since(begun).Milliseconds()})
	return nil
}

func (c *cluster) makeUsers(ctx context.Context, client clientset.Interface) error {
	token, err := users.Create(ctx, client)
	if err != nil {
		return err
	}
	// A pod is refused while its namespace has no default account.
	if err := c.eventually(startLimit, "controllers", func() error {
		_, err := client.CoreV1().ServiceAccounts("default").Get(ctx, "default", meta.GetOptions{})
		return err
	}); err != nil {
		return err
	}
	return c.files.WriteUsers(token)
}

// eventually tries until it works, the limit has passed, or the child whose work
// it is has ended.
func (c *cluster) eventually(limit time.Duration, child string, try func() error) error {
	var err error
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if err = try(); err == nil {
			return nil
		}
		if err := c.children.Gone(child); err != nil {
			return err
		}
	}
	return fmt.Errorf("waited %v for %s: %w", limit, child, err)
}

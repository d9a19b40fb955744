// exec.go - programs in a container: its own, those of kubectl exec and of
// probes, and two commands that this binary answers itself:
//
//	kpf-ready    fails until KPF_READY_DELAY has passed since the start
//	kpf-get URL  prints what an HTTP server in the pod answers, so that a test
//	             can ask a pod without the port-forward that it tests

package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"syscall"
	"time"

	"kpf.test/cluster/namespace"
)

// stdio is the three streams of a program; any may be nil.
type stdio struct {
	in          io.Reader
	out, errOut io.Writer
}

// exec runs to the end. An error means that it could not be run; a program that
// failed has a code.
func (c *container) exec(ctx context.Context, argv []string, s stdio) (code int, err error) {
	switch {
	case argv[0] == "kpf-ready":
		return c.ready(s.out), nil
	case argv[0] == "kpf-get" && len(argv) == 2:
		return c.get(ctx, argv[1], s), nil
	}
	cmd := c.command(ctx, argv)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.in, s.out, s.errOut
	if err := c.startIn(cmd); err != nil {
		return 0, err
	}
	err = cmd.Wait()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) && !errors.Is(err, exec.ErrWaitDelay) {
		return 0, err
	}
	return exitCode(cmd), nil
}

func (c *container) command(ctx context.Context, argv []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = c.dir, c.environ()
	cmd.WaitDelay = time.Second // do not wait for grandchildren that keep the pipes
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: c.credential()}
	return cmd
}

// startIn starts a program in the pod's network and among the container's processes.
func (c *container) startIn(cmd *exec.Cmd) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.finished != 0 {
		return errors.New("container is not running")
	}
	if c.processes == nil {
		p, err := namespace.NewProcesses()
		if err != nil {
			return err
		}
		c.processes = p
	}
	return namespace.Start(c.box.net, c.processes, cmd)
}

func (c *container) closeProcesses() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.processes != nil {
		c.processes.Close()
	}
}

func exitCode(cmd *exec.Cmd) int {
	if s, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && s.Signaled() {
		return 128 + int(s.Signal())
	}
	return cmd.ProcessState.ExitCode()
}

func (c *container) ready(out io.Writer) (code int) {
	delay, _ := time.ParseDuration(c.env("KPF_READY_DELAY"))
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(time.Unix(0, c.started)) >= delay {
		return 0
	}
	fmt.Fprint(out, "not ready yet")
	return 1
}

func (c *container) get(ctx context.Context, url string, s stdio) (code int) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return c.box.net.Dial(ctx, network, addr)
		}}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err == nil {
		var answer *http.Response
		if answer, err = client.Do(request); err == nil {
			defer answer.Body.Close()
			_, err = io.Copy(s.out, answer.Body)
		}
	}
	if err != nil {
		fmt.Fprintln(s.errOut, err)
		return 1
	}
	return 0
}

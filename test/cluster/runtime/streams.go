// streams.go - exec, attach and port-forward: the CRI calls that hand out an
// address, and what the streaming server then does at it.

package runtime

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
	utilexec "k8s.io/utils/exec"
)

// service carries the CRI calls: the streaming server's interface has Exec,
// Attach and PortForward too, with other arguments, and registry has those.
type service struct{ *registry }

// PortForward gives the address at which streams to a pod may be opened.
func (s service) PortForward(_ context.Context, q *cri.PortForwardRequest) (*cri.PortForwardResponse, error) {
	b, err := s.box(q.PodSandboxId)
	if err != nil {
		return nil, err
	}
	if !b.isReady() {
		return nil, errors.New("sandbox container is not running")
	}
	return s.streams.GetPortForward(q)
}

// Exec gives the address of a program to be.
func (s service) Exec(_ context.Context, q *cri.ExecRequest) (*cri.ExecResponse, error) {
	return s.streams.GetExec(q)
}

// Attach gives an address too; the attempt fails there.
func (s service) Attach(_ context.Context, q *cri.AttachRequest) (*cri.AttachResponse, error) {
	return s.streams.GetAttach(q)
}

// ExecSync is what probes use.
func (r *registry) ExecSync(ctx context.Context, q *cri.ExecSyncRequest) (*cri.ExecSyncResponse, error) {
	c, err := r.running(q.ContainerId)
	if err != nil {
		return nil, err
	}
	if q.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(q.Timeout)*time.Second)
		defer cancel()
	}
	var out, errOut bytes.Buffer
	code, err := c.exec(ctx, q.Cmd, stdio{nil, &out, &errOut})
	if err != nil {
		return nil, err
	}
	return &cri.ExecSyncResponse{ExitCode: int32(code), Stdout: out.Bytes(), Stderr: errOut.Bytes()}, nil
}

func (r *registry) running(id string) (*container, error) {
	c, err := r.container(id)
	if err != nil {
		return nil, err
	}
	if c.state() != cri.ContainerState_CONTAINER_RUNNING {
		return nil, errors.New("container is not running")
	}
	return c, nil
}

// Exec runs a program for kubectl exec. There is no terminal.
func (r *registry) Exec(ctx context.Context, id string, argv []string, in io.Reader, out, errOut io.WriteCloser, _ bool, _ <-chan remotecommand.TerminalSize) error {
	c, err := r.running(id)
	if err != nil {
		return err
	}
	code, err := c.exec(ctx, argv, stdio{in, out, errOut})
	if err == nil && code != 0 {
		err = utilexec.CodeExitError{Err: fmt.Errorf("command terminated with exit code %d", code), Code: code}
	}
	return err
}

// Attach is not there: no app reads its stdin.
func (r *registry) Attach(context.Context, string, io.Reader, io.WriteCloser, io.WriteCloser, bool, <-chan remotecommand.TerminalSize) error {
	return errors.New("attach is not supported by this runtime")
}

// PortForward joins one forwarded connection with a port of the pod, by the
// rules of containerd: dial localhost inside the pod's network, IPv4 first;
// when either direction has ended give the other one second, then close both.
// The end of the client's direction is never passed on as a half-close.
// The texts are containerd's too: clients see them on the error stream.
func (r *registry) PortForward(ctx context.Context, boxID string, port int32, client io.ReadWriteCloser) error {
	box, err := r.box(boxID)
	if err != nil {
		return fmt.Errorf("failed to find sandbox %q in store: not found", boxID)
	}
	if !box.isReady() {
		return fmt.Errorf("network namespace for sandbox %q is closed", boxID)
	}
	if err := forward(ctx, box, port, client); err != nil {
		return fmt.Errorf("failed to execute portforward in network namespace %q: %w", box.net.Name(), err)
	}
	return nil
}

func forward(ctx context.Context, box *sandbox, port int32, client io.ReadWriteCloser) error {
	defer client.Close()
	// Without ctx: containerd does not give up a dial when the client has gone.
	pod, err4 := box.net.Dial(context.Background(), "tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err4 != nil {
		var err6 error
		pod, err6 = box.net.Dial(context.Background(), "tcp6", fmt.Sprintf("[::1]:%d", port))
		if err6 != nil {
			return fmt.Errorf("failed to connect to localhost:%d inside namespace %q, IPv4: %v IPv6 %v ", port, box.id, err4, err6)
		}
	}
	defer pod.Close()
	return join(ctx, client, pod)
}

// join copies both ways until one second after the first way has ended.
func join(ctx context.Context, client, pod io.ReadWriter) error {
	ended := make(chan error, 2)
	pump := func(dst io.Writer, src io.Reader) {
		_, err := io.Copy(dst, src)
		ended <- err
	}
	go pump(client, pod)
	go pump(pod, client)

	var first error
	select {
	case first = <-ended:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case second := <-ended:
		if first == nil {
			first = second
		}
	case <-time.After(time.Second):
	case <-ctx.Done():
	}
	return first
}

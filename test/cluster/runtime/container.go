// container.go - the life of one container: an app of this binary or a program
// of the host, from created over running to exited.

package runtime

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"

	"kpf.test/cluster/namespace"
	"kpf.test/cluster/workload"
)

type container struct {
	id      string
	box     *sandbox
	cfg     *cri.ContainerConfig
	dir     string
	logPath string
	created int64

	mu        sync.Mutex
	started   int64 // 0 until it runs
	finished  int64 // 0 until it has ended
	exit      int32
	program   *exec.Cmd            // of the image "host"
	kill      context.CancelFunc   // ends an app at once
	processes *namespace.Processes // made when the first program is

	termOnce sync.Once
	term     chan struct{} // closed by the polite request to end
	done     chan struct{} // closed when it has ended
}

func (c *container) state() cri.ContainerState {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.finished != 0:
		return cri.ContainerState_CONTAINER_EXITED
	case c.started != 0:
		return cri.ContainerState_CONTAINER_RUNNING
	}
	return cri.ContainerState_CONTAINER_CREATED
}

func (c *container) status() *cri.ContainerStatus {
	s := &cri.ContainerStatus{Id: c.id, Metadata: c.cfg.Metadata, State: c.state(), CreatedAt: c.created,
		Image: c.cfg.Image, ImageRef: c.cfg.Image.Image, ImageId: c.cfg.Image.Image,
		Labels: c.cfg.Labels, Annotations: c.cfg.Annotations, Mounts: c.cfg.Mounts, LogPath: c.logPath}
	c.mu.Lock()
	defer c.mu.Unlock()
	s.StartedAt, s.FinishedAt, s.ExitCode = c.started, c.finished, c.exit
	if c.finished != 0 {
		s.Reason = "Completed"
		if c.exit != 0 {
			s.Reason = "Error"
		}
	}
	return s
}

func (c *container) env(name string) string {
	for _, kv := range c.cfg.Envs {
		if kv.Key == name {
			return string(kv.Value)
		}
	}
	return ""
}

func (c *container) environ() []string {
	out := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + c.dir, "HOSTNAME=" + c.box.cfg.Hostname, "POD_IP=" + c.box.ip}
	for _, kv := range c.cfg.Envs {
		out = append(out, kv.Key+"="+string(kv.Value))
	}
	return out
}

func (c *container) credential() *syscall.Credential {
	user := c.cfg.GetLinux().GetSecurityContext().GetRunAsUser()
	if user == nil || os.Geteuid() != 0 {
		return nil
	}
	group := uint32(user.Value)
	if g := c.cfg.GetLinux().GetSecurityContext().GetRunAsGroup(); g != nil {
		group = uint32(g.Value)
	}
	return &syscall.Credential{Uid: uint32(user.Value), Gid: group}
}

func (c *container) start() error {
	log, err := newLog(c.logPath)
	if err != nil {
		return err
	}
	if imageName(c.cfg.Image.Image) == hostImage {
		return c.startProgram(log)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.mu.Lock()
	c.started, c.kill = time.Now().UnixNano(), cancel
	c.mu.Unlock()
	go func() {
		code := workload.Run(ctx, c.view(log))
		cancel()
		c.ended(code, log)
	}()
	return nil
}

// view is what an app sees of its container.
func (c *container) view(log *log) *workload.Container {
	return &workload.Container{
		App: imageName(c.cfg.Image.Image), Pod: c.box.cfg.GetMetadata().GetName(), Args: c.cfg.Args,
		Env: c.env, Listen: c.box.net.Listen, Log: log.printf, Term: c.term,
	}
}

func (c *container) startProgram(log *log) error {
	argv := append(append([]string{}, c.cfg.Command...), c.cfg.Args...)
	if len(argv) == 0 {
		log.Close()
		return errors.New(imagePrefix + hostImage + " needs a command")
	}
	cmd := c.command(context.Background(), argv)
	if c.cfg.WorkingDir != "" {
		cmd.Dir = c.cfg.WorkingDir
	}
	cmd.Stdout, cmd.Stderr = log.stream("stdout"), log.stream("stderr")
	if err := c.startIn(cmd); err != nil {
		log.Close()
		return err
	}
	c.mu.Lock()
	c.started, c.program = time.Now().UnixNano(), cmd
	c.mu.Unlock()
	go func() {
		cmd.Wait()
		c.ended(exitCode(cmd), log)
	}()
	return nil
}

// ended comes exactly once. What the container left running ends too.
func (c *container) ended(code int, log *log) {
	c.closeProcesses()
	c.mu.Lock()
	c.finished, c.exit = time.Now().UnixNano(), int32(code)
	c.mu.Unlock()
	log.Close()
	close(c.done)
}

// stop asks politely, waits for the grace period, then kills.
func (c *container) stop(grace time.Duration) {
	if c.state() != cri.ContainerState_CONTAINER_RUNNING {
		return
	}
	c.termOnce.Do(func() { close(c.term) })
	c.signal(syscall.SIGTERM)
	select {
	case <-c.done:
		return
	case <-time.After(grace):
	}
	c.signal(syscall.SIGKILL)
	<-c.done
}

// signal reaches the whole process group of a program. An app can only be
// killed: its polite request is the channel term.
func (c *container) signal(s syscall.Signal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.program != nil {
		syscall.Kill(-c.program.Process.Pid, s)
	} else if s == syscall.SIGKILL && c.kill != nil {
		c.kill()
	}
}

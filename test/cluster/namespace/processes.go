// processes.go - process namespaces, so that nothing a container started can
// outlive it.

package namespace

import (
	"fmt"
	"io"
	"os/exec"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Processes is a process namespace: whatever was started in it, and whatever
// that started in turn, ends with it; at the latest with this process.
//
// Its first process, whose end is the end of all others, is a "cat" that waits
// on a pipe of ours. It is not the program itself, because the kernel keeps
// from a first process every signal that it does not handle: SIGTERM would not
// end a plain program.
type Processes struct {
	first *exec.Cmd
	pipe  io.Closer
	fd    int
	once  sync.Once
}

// NewProcesses makes an empty namespace.
func NewProcesses() (*Processes, error) {
	p := &Processes{first: exec.Command("cat")}
	pipe, err := p.first.StdinPipe()
	if err != nil {
		return nil, err
	}
	p.pipe = pipe
	p.first.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID, Pdeathsig: syscall.SIGKILL, Setpgid: true}
	started := make(chan error)
	// Pdeathsig means the death of the starting thread, which therefore waits.
	go onOwnThread(func() error {
		err := p.first.Start()
		started <- err
		if err == nil {
			p.first.Wait()
		}
		return nil
	})
	if err := <-started; err != nil {
		return nil, fmt.Errorf("process namespace: %w", err)
	}
	p.fd, err = unix.Open(fmt.Sprintf("/proc/%d/ns/pid", p.first.Process.Pid), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		p.pipe.Close()
	}
	return p, err
}

// Close ends everything in the namespace.
func (p *Processes) Close() {
	p.once.Do(func() {
		p.first.Process.Kill()
		p.pipe.Close()
		unix.Close(p.fd)
	})
}

// Start starts a program in both namespaces. The caller waits for its end; the
// program needs no Pdeathsig, and must not have one: Go's check of it compares
// parents, which are not visible through the namespace.
func Start(n *Network, p *Processes, cmd *exec.Cmd) error {
	return onOwnThread(func() error {
		if err := n.enter(); err != nil {
			return err
		}
		if err := unix.Setns(p.fd, unix.CLONE_NEWPID); err != nil {
			return err
		}
		return cmd.Start()
	})
}

// Package process starts the parts of a cluster as children, and does with
// them what a test says. It knows names, flags and signals, not Kubernetes.
//
// Nothing stays behind: a child dies with its parent, by whatever signal that
// one ends.
package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Group is the children of this process, by name.
type Group struct {
	dir     string
	verbose bool
	self    string
	ready   func() error
	spawn   chan func()

	mu       sync.Mutex
	children map[string]*child // the latest of each name, running or not
}

// child is one run of a part. A restart makes another child.
type child struct {
	name string
	args []string // as given to Start; what one start was given more is not kept
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

// Options of a group.
type Options struct {
	Dir       string       // of DIR/log and of the socket DIR/control
	IsVerbose bool         // log to stderr instead
	Ready     func() error // waits for what the line "ready" promises
}

// NewGroup makes an empty group.
func NewGroup(o Options) (*Group, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	g := &Group{dir: o.Dir, verbose: o.IsVerbose, ready: o.Ready, self: self, spawn: make(chan func()), children: map[string]*child{}}
	// Pdeathsig means the death of the thread that started a child, not that of
	// the process: so one thread starts them all and lives as long as we do.
	go func() {
		runtime.LockOSThread()
		for f := range g.spawn {
			f()
		}
	}()
	return g, os.MkdirAll(filepath.Join(o.Dir, "log"), 0o755)
}

// Start runs this binary as PART with flags, under a name for the commands.
func (g *Group) Start(name, part string, args ...string) error {
	return g.run(name, append([]string{part}, args...), nil)
}

func (g *Group) run(name string, args, more []string) error {
	c := &child{name: name, args: args, done: make(chan struct{})}
	c.cmd = exec.Command(g.self, append(slices.Clone(args), more...)...)
	c.cmd.SysProcAttr = attributes(args[0])
	log, err := g.log(name)
	if err != nil {
		return err
	}
	if log != os.Stderr {
		defer log.Close()
	}
	c.cmd.Stdout, c.cmd.Stderr = log, log
	started := make(chan error)
	g.spawn <- func() { started <- c.cmd.Start() }
	if err := <-started; err != nil {
		return err
	}
	g.mu.Lock()
	g.children[name] = c
	g.mu.Unlock()
	go func() {
		c.cmd.Wait()
		Event("exit", map[string]any{"name": name, "status": c.cmd.ProcessState.String()})
		close(c.done)
	}()
	return nil
}

func attributes(part string) *syscall.SysProcAttr {
	// Its own process group: Ctrl-C in a terminal is for us alone to answer.
	a := &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if part == "runtime" && os.Geteuid() != 0 {
		// Without root a user namespace gives the rights to make network namespaces.
		a.Cloneflags = syscall.CLONE_NEWUSER
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
		a.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_NET_ADMIN}
	}
	return a
}

func (g *Group) log(name string) (*os.File, error) {
	if g.verbose {
		return os.Stderr, nil
	}
	return os.OpenFile(filepath.Join(g.dir, "log", name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
}

func (c *child) running() bool {
	select {
	case <-c.done:
		return false
	default:
		return true
	}
}

func (c *child) signal(s syscall.Signal) error {
	if !c.running() {
		return errors.New("does not run")
	}
	return c.cmd.Process.Signal(s)
}

// stop sends a signal and waits for the end, however long that takes.
func (c *child) stop(s syscall.Signal) {
	if c.signal(s) == nil {
		<-c.done
	}
}

// pids has the process id of every child, 0 when it does not run.
func (g *Group) pids() map[string]any {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := map[string]any{}
	for name, c := range g.children {
		out[name] = 0
		if c.running() {
			out[name] = c.cmd.Process.Pid
		}
	}
	return out
}

func (g *Group) find(name string) *child {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.children[name]
}

// Runs tells if that child does.
func (g *Group) Runs(name string) bool {
	c := g.find(name)
	return c != nil && c.running()
}

// Gone says why a wait for that child is in vain, or nil while it runs.
func (g *Group) Gone(name string) error {
	if g.Runs(name) {
		return nil
	}
	log, _ := os.ReadFile(filepath.Join(g.dir, "log", name))
	return fmt.Errorf("%s ended; the end of its log:\n%s", name, lastLines(string(log), 10))
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// StopAll ends every child at once, without ceremony.
func (g *Group) StopAll() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.children {
		c.signal(syscall.SIGKILL)
	}
	for _, c := range g.children {
		select {
		case <-c.done:
		case <-time.After(5 * time.Second):
		}
	}
}

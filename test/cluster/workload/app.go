// Package workload is what containers run: small servers of this binary, each
// with one habit that a test needs. app.go owns the life of one of them; the
// servers are in tcp.go and http.go. It knows nothing of CRI or namespaces.
//
// "args" of the container are the addresses to listen on: 8080 (the default) or
// HOST:PORT. The environment of every app:
//
//	KPF_LISTEN_DELAY  begin to listen that much later (1s, 200ms, ...)
//	KPF_READY_DELAY   exec probe "kpf-ready" fails for that long
//	KPF_EXIT_AFTER    end by itself, with KPF_EXIT_CODE
//	KPF_TERM_DELAY    go on serving that long after the request to end
//	KPF_DELAY         how long halfclose and late take to answer (2.5s)
package workload

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const defaultPort = "8080"

// Container is what an app may use of the container that it runs in.
type Container struct {
	App    string // NAME of the image kpf.test/NAME
	Pod    string // the pod's name
	Args   []string
	Env    func(name string) string // "" when unset
	Listen func(addr string) (net.Listener, error)
	Log    func(format string, a ...any)
	Term   <-chan struct{} // closed by the polite request to end
}

// Known tells if there is an app of that name.
func Known(app string) bool {
	_, isTCP := tcpApps[app]
	return isTCP || app == "http" || app == "sleep"
}

// Duration reads a variable of the environment; what is no duration is 0.
func (c *Container) Duration(name string) time.Duration {
	d, _ := time.ParseDuration(c.Env(name))
	return d
}

// Run plays the app until ctx ends, until it was asked to end, or until it ends
// by itself, and returns its exit code. At the end all its sockets are closed,
// as with the death of a process.
func Run(ctx context.Context, c *Container) int {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-c.Term:
			pause(ctx, c.Duration("KPF_TERM_DELAY"))
			cancel()
		case <-ctx.Done():
		}
	}()
	var exit <-chan time.Time
	if d := c.Duration("KPF_EXIT_AFTER"); d > 0 {
		exit = time.After(d)
	}
	if !pause(ctx, c.Duration("KPF_LISTEN_DELAY")) {
		return 0
	}
	var sockets socketSet
	defer sockets.closeAll()
	if err := c.serve(ctx, &sockets); err != nil {
		c.Log("%v", err)
		return 1
	}
	select {
	case <-ctx.Done():
		return 0
	case <-exit:
		code, _ := strconv.Atoi(c.Env("KPF_EXIT_CODE"))
		return code
	}
}

func (c *Container) serve(ctx context.Context, sockets *socketSet) error {
	if c.App == "sleep" {
		return nil
	}
	addrs := c.Args
	if len(addrs) == 0 {
		addrs = []string{defaultPort}
	}
	handler := httpHandler(c)
	for _, addr := range addrs {
		if !strings.Contains(addr, ":") {
			addr = ":" + addr
		}
		l, err := c.Listen(addr)
		if err != nil {
			return err
		}
		sockets.add(l)
		c.Log("%s listens on %s", c.App, addr)
		tracked := &trackingListener{l, sockets}
		if c.App == "http" {
			go (&http.Server{Handler: handler}).Serve(tracked)
		} else {
			go c.serveTCP(ctx, tracked)
		}
	}
	return nil
}

func (c *Container) serveTCP(ctx context.Context, l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			tcpApps[c.App](ctx, c, conn.(*trackedConn).TCPConn)
		}()
	}
}

// pause tells if all of the time passed before ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// socketSet is every open socket of one app.
type socketSet struct {
	mu      sync.Mutex
	open    map[io.Closer]bool
	isEnded bool
}

func (s *socketSet) add(c io.Closer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isEnded { // accepted while all were being closed
		c.Close()
		return
	}
	if s.open == nil {
		s.open = map[io.Closer]bool{}
	}
	s.open[c] = true
}

func (s *socketSet) remove(c io.Closer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
}

func (s *socketSet) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.isEnded = true
	for c := range s.open {
		c.Close()
	}
}

type trackingListener struct {
	net.Listener
	sockets *socketSet
}

// trackedConn is closed through its TCPConn by the set, through itself by apps.
type trackedConn struct {
	*net.TCPConn
	sockets *socketSet
}

// Accept adds the connection to the set.
func (l *trackingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	t := &trackedConn{conn.(*net.TCPConn), l.sockets}
	l.sockets.add(t.TCPConn)
	return t, nil
}

// Close takes the connection out of the set.
func (t *trackedConn) Close() error {
	t.sockets.remove(t.TCPConn)
	return t.TCPConn.Close()
}

package namespace

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// needRoot: without it the cluster runs in a user namespace, a test does not.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
}

func TestNetworksDoNotShareTheirPorts(t *testing.T) {
	needRoot(t)
	for i := range 2 {
		n, err := NewNetwork(fmt.Sprint(i), "10.88.1.2")
		if err != nil {
			t.Fatal(err)
		}
		defer n.Close()
		l, err := n.Listen(":7000")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		for _, addr := range []string{"127.0.0.1:7000", "[::1]:7000", "10.88.1.2:7000"} {
			c, err := n.Dial(context.Background(), "tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			c.Close()
		}
		if _, err := n.Dial(context.Background(), "tcp", "127.0.0.1:7001"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Error(err)
		}
	}
}

func TestHostNetworkListensOnLoopback(t *testing.T) {
	l, err := (*Network)(nil).Listen(":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if !l.Addr().(*net.TCPAddr).IP.IsLoopback() {
		t.Error(l.Addr())
	}
}

func TestTermEndsAProgramThatDoesNotHandleIt(t *testing.T) {
	needRoot(t)
	p, err := NewProcesses()
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	cmd := exec.Command("sleep", "100")
	if err := Start(nil, p, cmd); err != nil {
		t.Fatal(err)
	}
	cmd.Process.Signal(syscall.SIGTERM)
	cmd.Wait()
	if s := cmd.ProcessState.Sys().(syscall.WaitStatus); s.Signal() != syscall.SIGTERM {
		t.Error(cmd.ProcessState)
	}
}

func TestCloseEndsWhatAProgramLeftInTheBackground(t *testing.T) {
	needRoot(t)
	p, err := NewProcesses()
	if err != nil {
		t.Fatal(err)
	}
	mark := fmt.Sprintf("100.%d", os.Getpid())
	cmd := exec.Command("sh", "-c", "setsid sleep "+mark+" >/dev/null 2>&1 & exit 7")
	if err := Start(nil, p, cmd); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if cmd.ProcessState.ExitCode() != 7 {
		t.Fatal(cmd.ProcessState)
	}
	// The shell may be gone before its child has become "sleep".
	waitUntilRuns(t, mark, true)
	p.Close()
	waitUntilRuns(t, mark, false)
}

func waitUntilRuns(t *testing.T, mark string, want bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		all, err := exec.Command("ps", "-eo", "args").Output()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(all), "sleep "+mark+"\n") == want {
			return
		}
	}
	t.Fatalf("runs: not %v within 5 s", want)
}

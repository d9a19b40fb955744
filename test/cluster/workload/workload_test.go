package workload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"
)

// play runs an app on a loopback port of its own.
func play(t *testing.T, app string, env map[string]string) (addr string, term func(), done <-chan int) {
	t.Helper()
	asked, code, at := make(chan struct{}), make(chan int, 1), make(chan string, 1)
	c := &Container{App: app, Pod: "pod-1", Term: asked,
		Env: func(name string) string { return env[name] }, Log: t.Logf,
		Listen: func(string) (net.Listener, error) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err == nil {
				at <- l.Addr().String()
			}
			return l, err
		}}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { code <- Run(ctx, c); close(ended) }()
	t.Cleanup(func() { cancel(); <-ended })
	return <-at, func() { close(asked) }, code
}

func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c.(*net.TCPConn)
}

func TestTCPApps(t *testing.T) {
	for _, want := range []struct {
		app, send, answer string
		isClientFirst     bool // the client sends its EOF before it reads
	}{
		{"echo", "hello", "hello", true},
		{"halfclose", "hello", strings.Repeat("x", 200), true},
		{"late", "hello", strings.Repeat("x", 200), false},
		{"serverfirst", "", "banner of pod-1\n", false},
		{"hello", "", "pod-1\n", true},
		{"sink", "hello", "", true},
	} {
		addr, _, _ := play(t, want.app, map[string]string{"KPF_DELAY": "5ms"})
		c := dial(t, addr)
		io.WriteString(c, want.send)
		if want.isClientFirst {
			c.CloseWrite()
		}
		got, err := io.ReadAll(c)
		if err != nil || string(got) != want.answer {
			t.Errorf("%s: %q, %v", want.app, got, err)
		}
	}
}

func TestResetResets(t *testing.T) {
	addr, _, _ := play(t, "reset", nil)
	if _, err := dial(t, addr).Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Error(err)
	}
}

func TestAppServesForItsTermDelayAndThenClosesEverything(t *testing.T) {
	addr, term, done := play(t, "echo", map[string]string{"KPF_TERM_DELAY": "50ms"})
	term()
	c := dial(t, addr)
	io.WriteString(c, "x")
	if n, err := c.Read(make([]byte, 1)); n != 1 {
		t.Error(err)
	}
	if code := <-done; code != 0 {
		t.Error(code)
	}
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("the connection is still open")
	}
	if _, err := net.Dial("tcp", addr); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Error(err)
	}
}

func TestAppEndsWithItsExitCode(t *testing.T) {
	_, _, done := play(t, "echo", map[string]string{"KPF_EXIT_AFTER": "1ms", "KPF_EXIT_CODE": "3"})
	if code := <-done; code != 3 {
		t.Error(code)
	}
}

func TestPauseEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if pause(ctx, time.Hour) || pause(ctx, 0) {
		t.Error("did not see the end")
	}
}

func TestHTTP(t *testing.T) {
	h := httpHandler(&Container{Pod: "pod-1"})
	for _, want := range []struct{ method, path, body, answer string }{
		{"GET", "/whoami", "", "pod-1\n"},
		{"GET", "/count", "", "0\n"},
		{"POST", "/count", "", "1\n"},
		{"POST", "/count", "", "2\n"},
		{"GET", "/count", "", "2\n"},
		{"GET", "/bytes?n=20", "", "000000000000000\n0000"},
		{"PUT", "/upload", "abc", `{"bytes":3,"sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}` + "\n"},
		{"GET", "/slow?ms=1", "", "pod-1\n"},
		{"GET", "/stream?n=2&ms=0", "", "0 pod-1\n1 pod-1\n"},
		{"GET", "/status?code=418", "", ""},
		{"GET", "/any?x=1", "", "pod pod-1\nGET /any?x=1 HTTP/1.1\nhost: example.com\n"},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(want.method, want.path, strings.NewReader(want.body)))
		if w.Body.String() != want.answer || w.Header().Get("X-Pod") != "pod-1" {
			t.Errorf("%s %s: %q", want.method, want.path, w.Body.String())
		}
		if want.path == "/status?code=418" && w.Code != http.StatusTeapot {
			t.Error(w.Code)
		}
	}
}

func TestBytesTellTheirPlace(t *testing.T) {
	w := httptest.NewRecorder()
	const n = 3*blockLines*lineBytes + 5
	httpHandler(&Container{}).ServeHTTP(w, httptest.NewRequest("GET", fmt.Sprintf("/bytes?n=%d", n), nil))
	body := w.Body.String()
	if len(body) != n {
		t.Fatal(len(body))
	}
	for line := range n / lineBytes {
		if got := body[line*lineBytes : (line+1)*lineBytes]; got != fmt.Sprintf("%015x\n", line) {
			t.Fatalf("line %d: %q", line, got)
		}
	}
}

package runtime

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

func TestImageName(t *testing.T) {
	for image, want := range map[string]string{"kpf.test/echo": "echo", "kpf.test/echo:1": "echo", "kpf.test/host@sha256:0": "host",
		"nowhere.test/x": "", "echo": ""} {
		if got := imageName(image); got != want {
			t.Errorf("%s: %q", image, got)
		}
	}
	if !isKnownImage("kpf.test/http") || !isKnownImage("kpf.test/host") || isKnownImage("kpf.test/nginx") || isKnownImage("echo") {
		t.Error("wrong images are known")
	}
}

func TestMatches(t *testing.T) {
	have := map[string]string{"app": "web", "tier": "1"}
	if !matches(nil, have) || !matches(map[string]string{"app": "web"}, have) || matches(map[string]string{"app": "db"}, have) {
		t.Error("selector is misread")
	}
}

func TestLogKeepsTheLastLineOfAStream(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "0.log")
	l, err := newLog(path)
	if err != nil {
		t.Fatal(err)
	}
	l.printf("first %d", 1)
	io.WriteString(l.stream("stderr"), "two\nno newline")
	l.Close()
	text, _ := os.ReadFile(path)
	want := regexp.MustCompile(`^\S+Z stdout F first 1\n\S+Z stderr F two\n\S+Z stderr F no newline\n$`)
	if !want.Match(text) {
		t.Errorf("%s", text)
	}
}

// After one direction has ended the other has a second, and no half-close.
func TestJoinGivesTheOtherDirectionOneSecond(t *testing.T) {
	client, clientFar := net.Pipe()
	pod, podFar := net.Pipe()
	begun := time.Now()
	done := make(chan error)
	go func() { done <- join(context.Background(), client, pod) }()
	clientFar.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if passed := time.Since(begun); passed < time.Second || passed > 2*time.Second {
		t.Error(passed)
	}
	podFar.Close()
}

package process

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
)

// As a child of itself the test binary is a part that runs until it is killed.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "part" {
		select {}
	}
	os.Exit(m.Run())
}

func TestChildIsStoppedStartedAndListed(t *testing.T) {
	g, err := NewGroup(Options{Dir: t.TempDir(), Ready: func() error { return errors.New("not today") }})
	if err != nil {
		t.Fatal(err)
	}
	defer g.StopAll()
	if err := g.Start("one", "part"); err != nil {
		t.Fatal(err)
	}
	talk := []string{"start one", "signal one STOP", "signal one CONT", "stop one KILL", "list", "signal one TERM", "start one", "stop two", "ready"}
	var out bytes.Buffer
	g.converse(strings.NewReader(strings.Join(talk, "\n")), &out)
	want := `{"error":"one runs already"}
{"ok":true}
{"ok":true}
{"ok":true}
{"one":0}
{"error":"one: does not run"}
{"ok":true}
{"error":"no process \"two\""}
{"error":"not today"}
`
	if out.String() != want {
		t.Errorf("%s", out.String())
	}
	if pid := g.pids()["one"]; pid == 0 {
		t.Error("was started again but does not run")
	}
}

func TestLastLines(t *testing.T) {
	for text, want := range map[string]string{"a\nb\nc\n": "b\nc", "a": "a", "": ""} {
		if got := lastLines(text, 2); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

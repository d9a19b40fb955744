package process

import (
	"reflect"
	"strings"
	"syscall"
	"testing"
)

func TestParse(t *testing.T) {
	for line, want := range map[string]command{
		"list":                       {verb: "list"},
		"signal kubelet-1 STOP":      {verb: "signal", name: "kubelet-1", signal: syscall.SIGSTOP},
		" stop  apiserver ":          {verb: "stop", name: "apiserver", signal: syscall.SIGTERM},
		"stop apiserver KILL":        {verb: "stop", name: "apiserver", signal: syscall.SIGKILL},
		"start apiserver --v=1 --x":  {verb: "start", name: "apiserver", flags: []string{"--v=1", "--x"}},
		"restart runtime-1":          {verb: "restart", name: "runtime-1", flags: []string{}},
		"signal a CONT":              {verb: "signal", name: "a", signal: syscall.SIGCONT},
		"stop kubelet-2 INT":         {verb: "stop", name: "kubelet-2", signal: syscall.SIGINT},
		"ready":                      {verb: "ready"},
		"list and whatever comes on": {verb: "list"},
	} {
		got, err := parse(line)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v", line, got, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for line, want := range map[string]string{
		"":                  "empty command",
		"stop":              "stop: which process?",
		"bogus x":           `unknown command "bogus"`,
		"signal x":          "signal x: which signal?",
		"signal x HUP":      "signal x: which signal?",
		"stop x KILL twice": "stop x: which signal?",
	} {
		if _, err := parse(line); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v", line, err)
		}
	}
}

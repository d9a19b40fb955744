// command.go - the language of the control lines: what they are, and what each
// does to the children.
//
//	list                    {"etcd":123,...}: pid by name, 0 when not running
//	signal NAME SIGNAL      SIGNAL is KILL, TERM, INT, STOP or CONT; returns at once
//	stop NAME [SIGNAL]      TERM by default, then wait for its end
//	start NAME [FLAG...]    again with its flags, and more of them this time
//	restart NAME [FLAG...]  stop and start
//	ready                   waits until the whole is, by the test given to NewGroup

package process

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

var signals = map[string]syscall.Signal{"KILL": syscall.SIGKILL, "TERM": syscall.SIGTERM, "INT": syscall.SIGINT,
	"STOP": syscall.SIGSTOP, "CONT": syscall.SIGCONT}

// command is one control line, checked.
type command struct {
	verb, name string
	signal     syscall.Signal // of signal and stop
	flags      []string       // of start and restart
}

func parse(line string) (command, error) {
	words := strings.Fields(line)
	if len(words) == 0 {
		return command{}, errors.New("empty command")
	}
	c, rest := command{verb: words[0]}, words[1:]
	if c.verb == "list" || c.verb == "ready" {
		return c, nil
	}
	if len(rest) == 0 {
		return c, fmt.Errorf("%s: which process?", c.verb)
	}
	c.name, rest = rest[0], rest[1:]
	switch c.verb {
	case "start", "restart":
		c.flags = rest
		return c, nil
	case "stop":
		if len(rest) == 0 {
			rest = []string{"TERM"}
		}
	case "signal":
	default:
		return c, fmt.Errorf("unknown command %q", c.verb)
	}
	if len(rest) != 1 || signals[rest[0]] == 0 {
		return c, fmt.Errorf("%s %s: which signal? one of KILL, TERM, INT, STOP, CONT", c.verb, c.name)
	}
	c.signal = signals[rest[0]]
	return c, nil
}

// obey does one line and gives the fields of its answer.
func (g *Group) obey(line string) (map[string]any, error) {
	c, err := parse(line)
	if err != nil {
		return nil, err
	}
	switch c.verb {
	case "list":
		return g.pids(), nil
	case "ready":
		if err := g.ready(); err != nil {
			return nil, err
		}
		return map[string]any{"ok": true}, nil
	}
	target := g.find(c.name)
	if target == nil {
		return nil, fmt.Errorf("no process %q", c.name)
	}
	switch c.verb {
	case "signal":
		err = target.signal(c.signal)
	case "stop":
		target.stop(c.signal)
	case "restart":
		target.stop(syscall.SIGTERM)
		err = g.run(target.name, target.args, c.flags)
	case "start":
		if target.running() {
			return nil, fmt.Errorf("%s runs already", c.name)
		}
		err = g.run(target.name, target.args, c.flags)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	return map[string]any{"ok": true}, nil
}

// serve.go - carries control lines and their answers, one line of JSON each,
// over stdin/stdout and over the unix socket DIR/control.

package process

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

var stdout sync.Mutex // an event must not break into the middle of an answer

// Event tells the caller something that was not asked for, as a line on stdout
// with the field "event", which no answer has.
func Event(name string, fields map[string]any) {
	fields["event"] = name
	printLine(os.Stdout, fields)
}

func printLine(out io.Writer, fields map[string]any) {
	line, _ := json.Marshal(fields)
	stdout.Lock()
	defer stdout.Unlock()
	fmt.Fprintln(out, string(line))
}

// Serve obeys until a signal, the end of stdin when that is a pipe (nothing
// stays behind a test that died), or a failure of whoever starts the children.
func (g *Group) Serve(failed <-chan error) error {
	l, err := net.Listen("unix", filepath.Join(g.dir, "control"))
	if err != nil {
		return err
	}
	defer l.Close()
	go g.accept(l)
	// A caller that died has closed our stdout too. Without this the next event
	// would end us by SIGPIPE, before all is cleared away.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	if isPipe(os.Stdin) {
		go func() {
			g.converse(os.Stdin, os.Stdout)
			stop <- syscall.SIGTERM
		}()
	}
	select {
	case <-stop:
		return nil
	case err := <-failed:
		return err
	}
}

func isPipe(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&(os.ModeNamedPipe|os.ModeSocket) != 0
}

func (g *Group) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			g.converse(conn, conn)
		}()
	}
}

// converse answers lines in their order: a second line waits for a slow first
// one, but not for one that came over another connection.
func (g *Group) converse(in io.Reader, out io.Writer) {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		answer, err := g.obey(lines.Text())
		if err != nil {
			answer = map[string]any{"error": err.Error()}
		}
		printLine(out, answer)
	}
}

// Ctl is the part "ctl": it sends one command to the cluster in a directory
// and prints the answer.
func Ctl(args []string) error {
	if len(args) < 2 {
		return errors.New("usage: cluster ctl DIR COMMAND")
	}
	conn, err := net.Dial("unix", filepath.Join(args[0], "control"))
	if err != nil {
		return err
	}
	defer conn.Close()
	fmt.Fprintln(conn, strings.Join(args[1:], " "))
	line, err := bufio.NewReader(conn).ReadString('\n')
	fmt.Print(line)
	return err
}

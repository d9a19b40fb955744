// log.go - a container's log, in the format that kubelets read.

package runtime

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const maxLineBytes = 1 << 20

type log struct {
	mu    sync.Mutex
	f     *os.File
	pipes []io.Closer
	open  sync.WaitGroup // streams whose last line is not yet written
}

func newLog(path string) (*log, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	return &log{f: f}, err
}

func (l *log) printf(format string, a ...any) { l.line("stdout", fmt.Sprintf(format, a...)) }

func (l *log) line(stream, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.f, "%s %s F %s\n", time.Now().UTC().Format(time.RFC3339Nano), stream, text)
}

// stream is a writer whose lines become lines of the log.
func (l *log) stream(name string) io.Writer {
	r, w := io.Pipe()
	l.pipes = append(l.pipes, w)
	l.open.Go(func() {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, maxLineBytes)
		for lines.Scan() {
			l.line(name, lines.Text())
		}
		io.Copy(io.Discard, r) // after a line that was too long
	})
	return w
}

// Close writes what the streams still hold.
func (l *log) Close() {
	for _, p := range l.pipes {
		p.Close()
	}
	l.open.Wait()
	l.f.Close()
}

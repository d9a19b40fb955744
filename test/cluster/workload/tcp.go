// tcp.go - the apps that speak no protocol: what each does with one connection.
// Its end of the connection is closed when the function returns.

package workload

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"time"
)

const (
	lateDelay  = 2500 * time.Millisecond // over the one second that a runtime waits for the other direction
	lateAnswer = 200                     // bytes
	firstRead  = 32 << 10
)

var tcpApps = map[string]func(context.Context, *Container, *net.TCPConn){
	"echo": func(_ context.Context, _ *Container, conn *net.TCPConn) {
		io.Copy(conn, conn)
		conn.CloseWrite()
	},

	// Answers 200 bytes KPF_DELAY after the client's EOF.
	"halfclose": func(ctx context.Context, c *Container, conn *net.TCPConn) {
		io.Copy(io.Discard, conn)
		answerLate(ctx, c, conn)
	},

	// Answers 200 bytes KPF_DELAY after the client's first bytes.
	"late": func(ctx context.Context, c *Container, conn *net.TCPConn) {
		conn.Read(make([]byte, firstRead))
		answerLate(ctx, c, conn)
	},

	"serverfirst": func(_ context.Context, c *Container, conn *net.TCPConn) {
		fmt.Fprintf(conn, "banner of %s\n", c.Pod)
	},

	// Sends its name and waits for the end.
	"hello": func(_ context.Context, c *Container, conn *net.TCPConn) {
		fmt.Fprintf(conn, "%s\n", c.Pod)
		io.Copy(io.Discard, conn)
	},

	// Never reads, never writes.
	"blackhole": func(ctx context.Context, _ *Container, _ *net.TCPConn) { <-ctx.Done() },

	"sink": func(_ context.Context, _ *Container, conn *net.TCPConn) { io.Copy(io.Discard, conn) },

	// Resets at once, or KPF_DELAY after the first bytes when that is set.
	"reset": func(ctx context.Context, c *Container, conn *net.TCPConn) {
		if d := c.Duration("KPF_DELAY"); d > 0 {
			conn.Read(make([]byte, firstRead))
			pause(ctx, d)
		}
		conn.SetLinger(0)
	},
}

func answerLate(ctx context.Context, c *Container, conn *net.TCPConn) {
	delay := lateDelay
	if c.Env("KPF_DELAY") != "" {
		delay = c.Duration("KPF_DELAY")
	}
	pause(ctx, delay)
	conn.Write(bytes.Repeat([]byte("x"), lateAnswer))
}

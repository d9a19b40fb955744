// http.go - the app "http". Every answer names its pod in the header X-Pod.
//
//	/            who answered, and what was asked, headers included
//	/whoami      the pod's name
//	/count       POST adds one and tells the sum, GET only tells it; since the container's start
//	/bytes?n=    n bytes (1 MiB): lines of 15 hex digits, each the number of its line
//	/upload      {"bytes":N,"sha256":"..."} of the body
//	/slow?ms=    the pod's name after that time (3000)
//	/stream?n=&ms=  n lines (10), one every ms (100)
//	/status?code=   that status
//	/ws          echoes WebSocket messages

package workload

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

const (
	lineBytes  = 16
	blockLines = 4096
)

func httpHandler(c *Container) http.Handler {
	var count atomic.Int64
	mux := http.NewServeMux()
	for path, handle := range map[string]http.HandlerFunc{
		"/":       c.describe,
		"/whoami": c.whoami,
		"/bytes":  sendBytes,
		"/upload": receive,
		"/slow": func(w http.ResponseWriter, q *http.Request) {
			pause(q.Context(), milliseconds(q, 3000))
			c.whoami(w, q)
		},
		"/stream": c.stream,
		"/status": func(w http.ResponseWriter, q *http.Request) { w.WriteHeader(number(q, "code", http.StatusOK)) },
		"/ws":     echoMessages,
		"/count": func(w http.ResponseWriter, q *http.Request) {
			if q.Method == http.MethodPost {
				fmt.Fprintln(w, count.Add(1))
				return
			}
			fmt.Fprintln(w, count.Load())
		},
	} {
		mux.HandleFunc(path, handle)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("X-Pod", c.Pod)
		mux.ServeHTTP(w, q)
	})
}

// number is a parameter of the query, or otherwise when it is none.
func number(q *http.Request, key string, otherwise int) int {
	if n, err := strconv.Atoi(q.URL.Query().Get(key)); err == nil {
		return n
	}
	return otherwise
}

func milliseconds(q *http.Request, otherwise int) time.Duration {
	return time.Duration(number(q, "ms", otherwise)) * time.Millisecond
}

func (c *Container) whoami(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, c.Pod) }

func (c *Container) describe(w http.ResponseWriter, q *http.Request) {
	fmt.Fprintf(w, "pod %s\n%s %s %s\nhost: %s\n", c.Pod, q.Method, q.URL, q.Proto, q.Host)
	var names []string
	for name := range q.Header {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Fprintf(w, "%s: %s\n", strings.ToLower(name), strings.Join(q.Header[name], ", "))
	}
}

func (c *Container) stream(w http.ResponseWriter, q *http.Request) {
	for i := range number(q, "n", 10) {
		fmt.Fprintf(w, "%d %s\n", i, c.Pod)
		w.(http.Flusher).Flush()
		if !pause(q.Context(), milliseconds(q, 100)) {
			return
		}
	}
}

// sendBytes sends bytes that tell their own place: of a repeated pattern a lost
// or swapped block would go unseen.
func sendBytes(w http.ResponseWriter, q *http.Request) {
	n := number(q, "n", 1<<20)
	w.Header().Set("Content-Length", strconv.Itoa(n))
	block := make([]byte, 0, blockLines*lineBytes)
	for line := 0; n > 0; line += blockLines {
		block = appendLines(block[:0], line)
		sent, err := w.Write(block[:min(n, len(block))])
		if err != nil {
			return
		}
		n -= sent
	}
}

func appendLines(block []byte, first int) []byte {
	const digits = "0123456789abcdef"
	for line := first; line < first+blockLines; line++ {
		for shift := 4 * (lineBytes - 2); shift >= 0; shift -= 4 {
			block = append(block, digits[line>>shift&15])
		}
		block = append(block, '\n')
	}
	return block
}

func receive(w http.ResponseWriter, q *http.Request) {
	hash := sha256.New()
	n, err := io.Copy(hash, q.Body)
	if err != nil {
		return // the body was cut off: so is the answer
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, "{\"bytes\":%d,\"sha256\":\"%x\"}\n", n, hash.Sum(nil))
}

func echoMessages(w http.ResponseWriter, q *http.Request) {
	anyOrigin := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	ws, err := anyOrigin.Upgrade(w, q, nil)
	if err != nil {
		return
	}
	defer ws.Close()
	for {
		kind, data, err := ws.ReadMessage()
		if err != nil || ws.WriteMessage(kind, data) != nil {
			return
		}
	}
}

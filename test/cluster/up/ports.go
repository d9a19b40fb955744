// ports.go - ports that stay ours while their server is down.

package up

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
)

const (
	lowestPort = 10000
	// Linux's own default, for when it cannot be read.
	defaultEphemeral = 32768
)

// freePort finds a port for a part that may be killed and started again on it.
//
// It is below the range from which the kernel takes the local ports of outgoing
// connections. Inside that range, while the API server is down, any client
// might be given its port; and a client that tries again and again would in the
// end be given the very port it dials and connect to itself.
func freePort() (int, error) {
	low := ephemeralLow()
	for range 100 {
		port := lowestPort + rand.IntN(low-lowestPort)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		return port, l.Close()
	}
	return 0, fmt.Errorf("no free port from %d to %d", lowestPort, low)
}

func ephemeralLow() int {
	text, _ := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	return parseLow(string(text))
}

func parseLow(text string) int {
	var low int
	if _, err := fmt.Sscan(text, &low); err != nil || low <= lowestPort {
		return defaultEphemeral
	}
	return low
}

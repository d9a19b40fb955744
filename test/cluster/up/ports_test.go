package up

import (
	"fmt"
	"net"
	"testing"
)

func TestParseLow(t *testing.T) {
	for text, want := range map[string]int{"32768\t60999\n": 32768, "20000 30000": 20000, "": 32768, "1024 65535": 32768} {
		if got := parseLow(text); got != want {
			t.Errorf("%q: %d", text, got)
		}
	}
}

func TestFreePortIsBelowTheEphemeralOnesAndCanBeListenedOn(t *testing.T) {
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	if port < lowestPort || port >= ephemeralLow() {
		t.Errorf("%d", port)
	}
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}

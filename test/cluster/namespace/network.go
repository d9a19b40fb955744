// Package namespace owns the kernel's part of a pod: a network namespace for
// the pod, a process namespace for what runs in a container. It knows nothing
// of CRI.
package namespace

import (
	"context"
	"net"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Network is the network of one pod: a namespace with a loopback interface that
// also carries the pod's address. The nil pointer is the host's network.
type Network struct {
	fd   int
	name string
}

const dialTimeout = 20 * time.Second

// NewNetwork makes a namespace. It has no link to the host or to other pods.
func NewNetwork(name, ip string) (*Network, error) {
	n := &Network{fd: -1, name: "/var/run/netns/cni-" + name}
	err := onOwnThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return err
		}
		fd, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		n.fd = fd
		return setUpLoopback(ip)
	})
	return n, err
}

func setUpLoopback(ip string) error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return err
	}
	addr, err := netlink.ParseAddr(ip + "/32")
	if err != nil {
		return err
	}
	return netlink.AddrAdd(lo, addr)
}

// Name is the path that a real runtime would have given the namespace: there is
// no such file, it is for messages only.
func (n *Network) Name() string {
	if n == nil {
		return "host"
	}
	return n.name
}

// Listen listens on a TCP address inside the network. In the host's one a bare
// ":PORT" is kept to loopback: a test opens nothing to its surroundings.
func (n *Network) Listen(addr string) (l net.Listener, err error) {
	if host, port, cut := net.SplitHostPort(addr); n == nil && cut == nil && host == "" {
		addr = net.JoinHostPort("127.0.0.1", port)
	}
	err = n.do(func() (err error) { l, err = net.Listen("tcp", addr); return })
	return
}

// Dial connects from inside the network.
func (n *Network) Dial(ctx context.Context, network, addr string) (c net.Conn, err error) {
	d := net.Dialer{Timeout: dialTimeout}
	err = n.do(func() (err error) { c, err = d.DialContext(ctx, network, addr); return })
	return
}

// Close lets the namespace go, as soon as nothing in it is open any more.
func (n *Network) Close() {
	if n != nil && n.fd >= 0 {
		unix.Close(n.fd)
		n.fd = -1
	}
}

// do runs f inside the network. Sockets made by f stay there.
func (n *Network) do(f func() error) error {
	if n == nil {
		return f()
	}
	return onOwnThread(func() error {
		if err := n.enter(); err != nil {
			return err
		}
		return f()
	})
}

// enter moves the calling thread, for good.
func (n *Network) enter() error {
	if n == nil {
		return nil
	}
	return unix.Setns(n.fd, unix.CLONE_NEWNET)
}

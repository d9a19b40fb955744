// Package runtime is the part "runtime": a container runtime without
// containers. It speaks what a kubelet needs of CRI, gives every pod a network
// namespace, and runs as "container" a small server of this binary (workload)
// or a program of the host. Streaming is the stock k8s.io/cri-streaming server.
//
// runtime.go owns the registry of sandboxes and containers, and the two
// servers; the calls are in sandboxes.go, containers.go, images.go, streams.go.
package runtime

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"flag"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
	"k8s.io/cri-streaming/pkg/streaming"
)

const maxMessageBytes = 16 << 20

// registry is all that one node's runtime knows. What is not implemented of CRI
// answers Unimplemented, by the embedded stubs.
type registry struct {
	cri.UnimplementedRuntimeServiceServer
	cri.UnimplementedImageServiceServer

	dir     string
	subnet  string // "10.88.1." + n is the address of the n-th pod
	streams streaming.Server

	mu         sync.Mutex
	pods       int // ever made, for their addresses
	boxes      map[string]*sandbox
	containers map[string]*container
}

// Run serves CRI on a unix socket, and streams on a loopback port, until it is
// told to stop. Its pods end with it.
func Run(args []string) error {
	flags := flag.NewFlagSet("cluster runtime", flag.ExitOnError)
	dir := flags.String("dir", "", "working directory")
	socket := flags.String("socket", "", "unix socket for CRI")
	subnet := flags.String("subnet", "10.88.1.", "first three bytes of the pod addresses")
	idle := flags.Duration("stream-idle-timeout", 4*time.Hour, "as in containerd")
	flags.Parse(args)

	r := &registry{dir: *dir, subnet: *subnet, boxes: map[string]*sandbox{}, containers: map[string]*container{}}
	cfg := streaming.DefaultConfig
	cfg.Addr, cfg.StreamIdleTimeout = "127.0.0.1:0", *idle
	var err error
	if r.streams, err = streaming.NewServer(cfg, r); err != nil {
		return err
	}
	os.Remove(*socket) // of a runtime that was killed
	l, err := net.Listen("unix", *socket)
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessageBytes), grpc.MaxSendMsgSize(maxMessageBytes))
	cri.RegisterRuntimeServiceServer(server, service{r})
	cri.RegisterImageServiceServer(server, r)

	failed := make(chan error, 2)
	go func() { failed <- r.streams.Start(true) }()
	go func() { failed <- server.Serve(l) }()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	select {
	case <-stop:
		return nil
	case err := <-failed:
		return err
	}
}

func newID() string {
	b := make([]byte, 32)
	rand.Read(b)
	return hex.EncodeToString(b)
}

func (r *registry) box(id string) (*sandbox, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if b := r.boxes[id]; b != nil {
		return b, nil
	}
	return nil, status.Errorf(codes.NotFound, "sandbox %q: not found", id)
}

func (r *registry) container(id string) (*container, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.containers[id]; c != nil {
		return c, nil
	}
	return nil, status.Errorf(codes.NotFound, "container %q: not found", id)
}

func (r *registry) containersOf(boxID string) (out []*container) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.containers {
		if c.box.id == boxID {
			out = append(out, c)
		}
	}
	return out
}

// matches tells if labels satisfy the selector of a list call.
func matches(want, have map[string]string) bool {
	for k, v := range want {
		if have[k] != v {
			return false
		}
	}
	return true
}

// Version answers the kubelet's first question.
func (r *registry) Version(context.Context, *cri.VersionRequest) (*cri.VersionResponse, error) {
	return &cri.VersionResponse{Version: "0.1.0", RuntimeName: "kpf", RuntimeVersion: "0.1.0", RuntimeApiVersion: "v1"}, nil
}

// Status is always good: a runtime that answers is ready.
func (r *registry) Status(context.Context, *cri.StatusRequest) (*cri.StatusResponse, error) {
	return &cri.StatusResponse{Status: &cri.RuntimeStatus{Conditions: []*cri.RuntimeCondition{
		{Type: "RuntimeReady", Status: true}, {Type: "NetworkReady", Status: true},
	}}}, nil
}

// UpdateRuntimeConfig is told the pod CIDR, which is of no use here.
func (r *registry) UpdateRuntimeConfig(context.Context, *cri.UpdateRuntimeConfigRequest) (*cri.UpdateRuntimeConfigResponse, error) {
	return &cri.UpdateRuntimeConfigResponse{}, nil
}

// ListContainerStats is empty: nobody reads statistics here.
func (r *registry) ListContainerStats(context.Context, *cri.ListContainerStatsRequest) (*cri.ListContainerStatsResponse, error) {
	return &cri.ListContainerStatsResponse{}, nil
}

// ListPodSandboxStats is empty too.
func (r *registry) ListPodSandboxStats(context.Context, *cri.ListPodSandboxStatsRequest) (*cri.ListPodSandboxStatsResponse, error) {
	return &cri.ListPodSandboxStatsResponse{}, nil
}

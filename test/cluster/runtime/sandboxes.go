// sandboxes.go - the CRI calls on pods.

package runtime

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"

	"kpf.test/cluster/namespace"
)

// Addresses come round again after that many pods of a node. No two networks
// touch each other, so a doubled address does no harm.
const addressesPerNode = 250

// sandbox is a pod as a runtime sees it.
type sandbox struct {
	id      string
	cfg     *cri.PodSandboxConfig
	handler string
	created int64
	net     *namespace.Network // nil: the host's
	ip      string

	mu    sync.Mutex
	ready bool // until it is stopped
}

func (b *sandbox) isReady() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ready
}

func (b *sandbox) state() cri.PodSandboxState {
	if b.isReady() {
		return cri.PodSandboxState_SANDBOX_READY
	}
	return cri.PodSandboxState_SANDBOX_NOTREADY
}

// RunPodSandbox makes a pod with its network.
func (r *registry) RunPodSandbox(_ context.Context, q *cri.RunPodSandboxRequest) (*cri.RunPodSandboxResponse, error) {
	b := &sandbox{id: newID(), cfg: q.Config, handler: q.RuntimeHandler, created: time.Now().UnixNano(), ready: true, ip: "127.0.0.1"}
	r.mu.Lock()
	r.pods++
	n := r.pods
	r.mu.Unlock()
	if q.Config.GetLinux().GetSecurityContext().GetNamespaceOptions().GetNetwork() != cri.NamespaceMode_NODE {
		b.ip = fmt.Sprintf("%s%d", r.subnet, 1+n%addressesPerNode)
		var err error
		if b.net, err = namespace.NewNetwork(b.id[:12], b.ip); err != nil {
			return nil, fmt.Errorf("network namespace: %w", err)
		}
	}
	if d := q.Config.LogDirectory; d != "" {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, err
		}
	}
	r.mu.Lock()
	r.boxes[b.id] = b
	r.mu.Unlock()
	return &cri.RunPodSandboxResponse{PodSandboxId: b.id}, nil
}

// StopPodSandbox kills what still runs in it. An unknown one is stopped.
func (r *registry) StopPodSandbox(_ context.Context, q *cri.StopPodSandboxRequest) (*cri.StopPodSandboxResponse, error) {
	b, err := r.box(q.PodSandboxId)
	if err != nil {
		return &cri.StopPodSandboxResponse{}, nil
	}
	b.mu.Lock()
	b.ready = false
	b.mu.Unlock()
	for _, c := range r.containersOf(b.id) {
		c.stop(0)
	}
	return &cri.StopPodSandboxResponse{}, nil
}

// RemovePodSandbox forgets it, with its containers and its network.
func (r *registry) RemovePodSandbox(ctx context.Context, q *cri.RemovePodSandboxRequest) (*cri.RemovePodSandboxResponse, error) {
	b, err := r.box(q.PodSandboxId)
	if err != nil {
		return &cri.RemovePodSandboxResponse{}, nil
	}
	r.StopPodSandbox(ctx, &cri.StopPodSandboxRequest{PodSandboxId: b.id})
	for _, c := range r.containersOf(b.id) {
		r.RemoveContainer(ctx, &cri.RemoveContainerRequest{ContainerId: c.id})
	}
	r.mu.Lock()
	delete(r.boxes, b.id)
	r.mu.Unlock()
	b.net.Close()
	return &cri.RemovePodSandboxResponse{}, nil
}

// PodSandboxStatus tells the pod's address, unless it is the node's.
func (r *registry) PodSandboxStatus(_ context.Context, q *cri.PodSandboxStatusRequest) (*cri.PodSandboxStatusResponse, error) {
	b, err := r.box(q.PodSandboxId)
	if err != nil {
		return nil, err
	}
	network := &cri.PodSandboxNetworkStatus{}
	if b.net != nil {
		network.Ip = b.ip
	}
	return &cri.PodSandboxStatusResponse{Status: &cri.PodSandboxStatus{
		Id: b.id, Metadata: b.cfg.Metadata, State: b.state(), CreatedAt: b.created, Network: network,
		Linux:  &cri.LinuxPodSandboxStatus{Namespaces: &cri.Namespace{Options: b.cfg.GetLinux().GetSecurityContext().GetNamespaceOptions()}},
		Labels: b.cfg.Labels, Annotations: b.cfg.Annotations, RuntimeHandler: b.handler,
	}}, nil
}

// ListPodSandbox lists those that pass the filter.
func (r *registry) ListPodSandbox(_ context.Context, q *cri.ListPodSandboxRequest) (*cri.ListPodSandboxResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := &cri.ListPodSandboxResponse{}
	f := q.GetFilter()
	for _, b := range r.boxes {
		s := b.state()
		if (f.GetId() != "" && f.Id != b.id) || (f.GetState() != nil && f.State.State != s) || !matches(f.GetLabelSelector(), b.cfg.Labels) {
			continue
		}
		out.Items = append(out.Items, &cri.PodSandbox{Id: b.id, Metadata: b.cfg.Metadata, State: s, CreatedAt: b.created,
			Labels: b.cfg.Labels, Annotations: b.cfg.Annotations, RuntimeHandler: b.handler})
	}
	return out, nil
}

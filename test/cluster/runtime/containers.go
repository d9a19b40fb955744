// containers.go - the CRI calls on containers. What a container does is in
// container.go.

package runtime

import (
	"context"
	"os"
	"path/filepath"
	"time"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// CreateContainer gives it an empty directory, which is its working directory.
func (r *registry) CreateContainer(_ context.Context, q *cri.CreateContainerRequest) (*cri.CreateContainerResponse, error) {
	b, err := r.box(q.PodSandboxId)
	if err != nil {
		return nil, err
	}
	c := &container{id: newID(), box: b, cfg: q.Config, created: time.Now().UnixNano(), done: make(chan struct{}), term: make(chan struct{})}
	c.dir = filepath.Join(r.dir, "c", c.id[:12])
	c.logPath = filepath.Join(b.cfg.LogDirectory, q.Config.LogPath)
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return nil, err
	}
	if cred := c.credential(); cred != nil {
		if err := os.Chown(c.dir, int(cred.Uid), int(cred.Gid)); err != nil {
			return nil, err
		}
	}
	r.mu.Lock()
	r.containers[c.id] = c
	r.mu.Unlock()
	return &cri.CreateContainerResponse{ContainerId: c.id}, nil
}

// StartContainer returns when a program has been started, or could not be.
func (r *registry) StartContainer(_ context.Context, q *cri.StartContainerRequest) (*cri.StartContainerResponse, error) {
	c, err := r.container(q.ContainerId)
	if err != nil {
		return nil, err
	}
	return &cri.StartContainerResponse{}, c.start()
}

// StopContainer returns when it has ended.
func (r *registry) StopContainer(_ context.Context, q *cri.StopContainerRequest) (*cri.StopContainerResponse, error) {
	if c, err := r.container(q.ContainerId); err == nil {
		c.stop(time.Duration(q.Timeout) * time.Second)
	}
	return &cri.StopContainerResponse{}, nil
}

// RemoveContainer forgets it, with its directory and its log.
func (r *registry) RemoveContainer(_ context.Context, q *cri.RemoveContainerRequest) (*cri.RemoveContainerResponse, error) {
	if c, err := r.container(q.ContainerId); err == nil {
		c.stop(0)
		c.closeProcesses()
		r.mu.Lock()
		delete(r.containers, c.id)
		r.mu.Unlock()
		os.RemoveAll(c.dir)
		os.Remove(c.logPath)
	}
	return &cri.RemoveContainerResponse{}, nil
}

// ListContainers lists those that pass the filter.
func (r *registry) ListContainers(_ context.Context, q *cri.ListContainersRequest) (*cri.ListContainersResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := &cri.ListContainersResponse{}
	f := q.GetFilter()
	for _, c := range r.containers {
		s := c.state()
		if (f.GetId() != "" && f.Id != c.id) || (f.GetPodSandboxId() != "" && f.PodSandboxId != c.box.id) ||
			(f.GetState() != nil && f.State.State != s) || !matches(f.GetLabelSelector(), c.cfg.Labels) {
			continue
		}
		out.Containers = append(out.Containers, &cri.Container{Id: c.id, PodSandboxId: c.box.id, Metadata: c.cfg.Metadata,
			Image: c.cfg.Image, ImageRef: c.cfg.Image.Image, ImageId: c.cfg.Image.Image, State: s, CreatedAt: c.created,
			Labels: c.cfg.Labels, Annotations: c.cfg.Annotations})
	}
	return out, nil
}

// ContainerStatus tells all that a kubelet writes into the pod's status.
func (r *registry) ContainerStatus(_ context.Context, q *cri.ContainerStatusRequest) (*cri.ContainerStatusResponse, error) {
	c, err := r.container(q.ContainerId)
	if err != nil {
		return nil, err
	}
	return &cri.ContainerStatusResponse{Status: c.status()}, nil
}

// UpdateContainerResources has nothing to update: there are no cgroups.
func (r *registry) UpdateContainerResources(context.Context, *cri.UpdateContainerResourcesRequest) (*cri.UpdateContainerResourcesResponse, error) {
	return &cri.UpdateContainerResourcesResponse{}, nil
}

// ReopenContainerLog follows a rotation, and logs here are not rotated.
func (r *registry) ReopenContainerLog(context.Context, *cri.ReopenContainerLogRequest) (*cri.ReopenContainerLogResponse, error) {
	return &cri.ReopenContainerLogResponse{}, nil
}

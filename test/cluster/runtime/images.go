// images.go - the CRI calls on images: every kpf.test/NAME that this binary can
// play is there already, no other can be pulled.

package runtime

import (
	"context"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"

	"kpf.test/cluster/workload"
)

const (
	imagePrefix = "kpf.test/"
	hostImage   = "host" // its command is a program of the host
)

// imageName gives NAME of kpf.test/NAME:TAG, or "".
func imageName(image string) string {
	name, ok := strings.CutPrefix(image, imagePrefix)
	if !ok {
		return ""
	}
	name, _, _ = strings.Cut(name, "@")
	name, _, _ = strings.Cut(name, ":")
	return name
}

func isKnownImage(image string) bool {
	name := imageName(image)
	return name == hostImage || workload.Known(name)
}

// ImageStatus is empty for an image that is not there.
func (r *registry) ImageStatus(_ context.Context, q *cri.ImageStatusRequest) (*cri.ImageStatusResponse, error) {
	if !isKnownImage(q.Image.Image) {
		return &cri.ImageStatusResponse{}, nil
	}
	return &cri.ImageStatusResponse{Image: &cri.Image{Id: q.Image.Image, RepoTags: []string{q.Image.Image}, Size: 1, Spec: q.Image}}, nil
}

// PullImage fails with containerd's text, which ends as ErrImagePull.
func (r *registry) PullImage(_ context.Context, q *cri.PullImageRequest) (*cri.PullImageResponse, error) {
	if !isKnownImage(q.Image.Image) {
		return nil, status.Errorf(codes.NotFound, "failed to pull and unpack image %q: not found", q.Image.Image)
	}
	return &cri.PullImageResponse{ImageRef: q.Image.Image}, nil
}

// ListImages is empty: there is nothing to collect as garbage.
func (r *registry) ListImages(context.Context, *cri.ListImagesRequest) (*cri.ListImagesResponse, error) {
	return &cri.ListImagesResponse{}, nil
}

// RemoveImage has nothing to remove.
func (r *registry) RemoveImage(context.Context, *cri.RemoveImageRequest) (*cri.RemoveImageResponse, error) {
	return &cri.RemoveImageResponse{}, nil
}

// ImageFsInfo tells of a disk that is as good as empty.
func (r *registry) ImageFsInfo(context.Context, *cri.ImageFsInfoRequest) (*cri.ImageFsInfoResponse, error) {
	fs := []*cri.FilesystemUsage{{Timestamp: time.Now().UnixNano(), FsId: &cri.FilesystemIdentifier{Mountpoint: r.dir},
		UsedBytes: &cri.UInt64Value{Value: 1}, InodesUsed: &cri.UInt64Value{Value: 1}}}
	return &cri.ImageFsInfoResponse{ImageFilesystems: fs, ContainerFilesystems: fs}, nil
}

// dependencies.go - what the kubelet is given instead of a machine: stubs, but
// for its clients, its authenticator, its runtime and its volumes.

package kubelet

import (
	"context"
	"os"
	"strings"
	"time"

	cadvisorapi "github.com/google/cadvisor/info/v1"
	"go.opentelemetry.io/otel/trace/noop"
	"k8s.io/apimachinery/pkg/types"
	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/record"
	criclient "k8s.io/cri-client/pkg"
	"k8s.io/kubernetes/cmd/kubelet/app"
	"k8s.io/kubernetes/pkg/kubelet"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
	cadvisortest "k8s.io/kubernetes/pkg/kubelet/cadvisor/testing"
	"k8s.io/kubernetes/pkg/kubelet/cm"
	containertest "k8s.io/kubernetes/pkg/kubelet/container/testing"
	"k8s.io/kubernetes/pkg/kubelet/server"
	kubeletutil "k8s.io/kubernetes/pkg/kubelet/util"
	"k8s.io/kubernetes/pkg/util/oom"
	"k8s.io/kubernetes/pkg/volume"
	"k8s.io/kubernetes/pkg/volume/configmap"
	"k8s.io/kubernetes/pkg/volume/downwardapi"
	"k8s.io/kubernetes/pkg/volume/emptydir"
	"k8s.io/kubernetes/pkg/volume/projected"
	"k8s.io/kubernetes/pkg/volume/secret"
	"k8s.io/kubernetes/pkg/volume/util/hostutil"
	"k8s.io/kubernetes/pkg/volume/util/subpath"
	"k8s.io/mount-utils"
)

const criTimeout = 15 * time.Second

func (s settings) dependencies(ctx context.Context, client *clientset.Clientset, c *kubeletconfig.KubeletConfiguration) (*kubelet.Dependencies, error) {
	auth, runAuth, err := app.BuildAuth(types.NodeName(s.name), client, *c)
	if err != nil {
		return nil, err
	}
	runAuth(ctx.Done())
	tracer := noop.NewTracerProvider()
	runtime, err := criclient.NewRemoteRuntimeService(ctx, s.runtimeURL, criTimeout, tracer, false)
	if err != nil {
		return nil, err
	}
	images, err := criclient.NewRemoteImageService(ctx, s.runtimeURL, criTimeout, tracer, false)
	if err != nil {
		return nil, err
	}
	return &kubelet.Dependencies{
		KubeClient: client, HeartbeatClient: client, EventClient: client.CoreV1(),
		Auth:                 auth,
		TLSOptions:           &server.TLSOptions{CertFile: s.cert, KeyFile: s.key, ClientCAFile: s.ca},
		RemoteRuntimeService: runtime, RemoteImageService: images,
		CAdvisorInterface: &machine{}, ContainerManager: cm.NewStubContainerManager(),
		OSInterface: &containertest.FakeOS{}, OOMAdjuster: oom.NewFakeOOMAdjuster(),
		Mounter: &mount.FakeMounter{}, Subpather: &subpath.FakeSubpath{}, HostUtil: hostutil.NewFakeHostUtil(nil),
		VolumePlugins:             volumePlugins(),
		PodStartupLatencyTracker:  kubeletutil.NewPodStartupLatencyTracker(),
		NodeStartupLatencyTracker: kubeletutil.NewNodeStartupLatencyTracker(),
		TracerProvider:            tracer,
		// A real recorder would also start the OOM watcher, which reads /dev/kmsg.
		Recorder: &record.FakeRecorder{},
	}, nil
}

func volumePlugins() (plugins []volume.VolumePlugin) {
	for _, probe := range []func() []volume.VolumePlugin{emptydir.ProbeVolumePlugins, configmap.ProbeVolumePlugins,
		secret.ProbeVolumePlugins, downwardapi.ProbeVolumePlugins, projected.ProbeVolumePlugins} {
		plugins = append(plugins, probe()...)
	}
	return plugins
}

// machine is a cAdvisor that tells of an ample machine, whatever this one is.
type machine struct{ cadvisortest.Fake }

// MachineInfo says how much a scheduler may place here.
func (*machine) MachineInfo() (*cadvisorapi.MachineInfo, error) {
	return &cadvisorapi.MachineInfo{NumCores: 16, MemoryCapacity: 64 << 30, MachineID: "kpf", SystemUUID: "kpf"}, nil
}

// VersionInfo is shown by kubectl get nodes -o wide.
func (*machine) VersionInfo() (*cadvisorapi.VersionInfo, error) {
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return &cadvisorapi.VersionInfo{KernelVersion: strings.TrimSpace(string(kernel)), ContainerOsVersion: "kpf"}, nil
}

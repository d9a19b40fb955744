// Package kubelet is the part "kubelet": the real kubelet of k8s.io/kubernetes.
//
// Real: pod workers, status, probes, leases, authentication and its whole
// HTTPS server. Not there: cgroups, mounts, cAdvisor and the OOM watcher (what
// kubemark leaves out too), so that it needs no rights on the machine.
package kubelet

import (
	"context"
	"flag"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	utilfeature "k8s.io/apiserver/pkg/util/feature"
	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/kubernetes/cmd/kubelet/app"
	"k8s.io/kubernetes/cmd/kubelet/app/options"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
)

type settings struct {
	name, kubeconfig, runtimeURL, dir, ca, cert, key, gates string
	port                                                    int
}

func parse(args []string) settings {
	var s settings
	flags := flag.NewFlagSet("cluster kubelet", flag.ExitOnError)
	flags.StringVar(&s.name, "name", "", "node name")
	flags.StringVar(&s.kubeconfig, "kubeconfig", "", "how to reach the API server")
	flags.StringVar(&s.runtimeURL, "runtime", "", "CRI endpoint")
	flags.IntVar(&s.port, "port", 0, "HTTPS port on 127.0.0.1")
	flags.StringVar(&s.dir, "dir", "", "root directory (keep it short: it holds unix sockets)")
	flags.StringVar(&s.ca, "ca", "", "CA of the clients")
	flags.StringVar(&s.cert, "cert", "", "serving certificate")
	flags.StringVar(&s.key, "key", "", "its key")
	flags.StringVar(&s.gates, "feature-gates", "", "A=true,B=false")
	flags.Parse(args)
	return s
}

// Run is a node's kubelet until it is told to stop.
func Run(args []string) error {
	s := parse(args)
	if err := utilfeature.DefaultMutableFeatureGate.Set(s.gates); err != nil {
		return err
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()

	c, err := s.configuration()
	if err != nil {
		return err
	}
	client, err := s.client()
	if err != nil {
		return err
	}
	deps, err := s.dependencies(ctx, client, c)
	if err != nil {
		return err
	}
	if err := app.RunKubelet(ctx, &options.KubeletServer{KubeletFlags: *s.flags(), KubeletConfiguration: *c}, deps); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func (s settings) flags() *options.KubeletFlags {
	f := options.NewKubeletFlags()
	f.RootDirectory, f.HostnameOverride = s.dir, s.name
	f.CertDirectory = filepath.Join(s.dir, "pki")
	// The addresses of the node are set from outside: a kubelet refuses loopback ones.
	f.CloudProvider = "external"
	return f
}

func (s settings) configuration() (*kubeletconfig.KubeletConfiguration, error) {
	c, err := options.NewKubeletConfiguration()
	if err != nil {
		return nil, err
	}
	c.Address, c.Port, c.ReadOnlyPort, c.HealthzPort = "127.0.0.1", int32(s.port), 0, 0
	c.TLSCertFile, c.TLSPrivateKeyFile = s.cert, s.key
	c.Authentication.X509.ClientCAFile = s.ca
	c.StaticPodPath = ""
	c.PodLogsDir = filepath.Join(s.dir, "logs")
	// A tenth of the defaults, so that a pod whose sandbox was lost is soon there again.
	c.SyncFrequency.Duration = 10 * time.Second
	c.NodeStatusUpdateFrequency.Duration = 5 * time.Second
	// An untagged image is pulled each time, and the default of 5 a second with an
	// ErrImagePull beyond that would strike tests with many containers.
	c.RegistryPullQPS, c.SerializeImagePulls = 0, false
	// Everything below would look at or change the machine.
	c.CgroupsPerQOS, c.EnforceNodeAllocatable = false, nil
	c.MakeIPTablesUtilChains = false
	c.EvictionHard, c.LocalStorageCapacityIsolation = map[string]string{}, false
	c.ImageGCHighThresholdPercent = 100
	c.ResolverConfig = ""
	c.FailSwapOn = false
	c.MaxOpenFiles = 65536
	return c, nil
}

func (s settings) client() (*clientset.Clientset, error) {
	cfg, err := clientcmd.BuildConfigFromFlags("", s.kubeconfig)
	if err != nil {
		return nil, err
	}
	cfg.QPS, cfg.Burst = 200, 400
	return clientset.NewForConfig(cfg)
}

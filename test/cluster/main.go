// Command cluster is a whole Kubernetes cluster in one binary, for tests.
//
// The first argument picks the part to be, so that every part is a process of
// its own and can be stopped, killed, paused or restarted alone. This file
// owns that choice and nothing else; each part of ours has its own package.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"kpf.test/cluster/etcd"
	"kpf.test/cluster/kubelet"
	"kpf.test/cluster/process"
	"kpf.test/cluster/runtime"
	"kpf.test/cluster/up"
	"kpf.test/cluster/users"

	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"

	kubectl "k8s.io/kubectl/pkg/cmd"
	kubectlutil "k8s.io/kubectl/pkg/cmd/util"
)

const usage = `usage: cluster PART [flags]
  up          start a cluster and keep it running (see cluster up -h)
  ctl DIR COMMAND   one command to the cluster in DIR (list, ready, signal, stop, start, restart)
  token       print a service account token with any lifetime (see cluster token -h)
  kubectl     the kubectl of this version (also when the binary is called kubectl)
  apiserver | controllers | scheduler   the real components, with their own flags
  etcd        embedded etcd
  kubelet     the real kubelet, without cgroups and mounts
  runtime     a CRI runtime whose containers are small servers or host programs`

// ours are the parts that do not read os.Args themselves.
var ours = map[string]func(args []string) error{
	"up":      up.Run,
	"ctl":     process.Ctl,
	"token":   users.PrintToken,
	"etcd":    etcd.Run,
	"kubelet": kubelet.Run,
	"runtime": runtime.Run,
}

func main() {
	part, args := "", os.Args[1:]
	if filepath.Base(os.Args[0]) == "kubectl" {
		part = "kubectl"
	} else if len(args) > 0 {
		part, args = args[0], args[1:]
		os.Args = append([]string{"cluster-" + part}, args...)
	}
	switch part {
	case "apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "controllers":
		os.Exit(cli.Run(controllers.NewControllerManagerCommand()))
	case "scheduler":
		os.Exit(cli.Run(scheduler.NewSchedulerCommand()))
	case "kubectl":
		kubectlutil.CheckErr(cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()))
		return
	}
	run := ours[part]
	if run == nil {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	if err := run(args); err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

// Kubernetes's three control-plane programs in one file, linked once: the name it is started under, or the first
// argument, says which of them runs. Flags and behaviour are upstream's; the imports follow k8s.io/kubernetes/cmd/*.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	_ "time/tzdata" // time zones of CronJobs

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

var programs = map[string]func() *cobra.Command{
	"kube-apiserver":          apiserver.NewAPIServerCommand,
	"kube-controller-manager": controllermanager.NewControllerManagerCommand,
	"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
}

func main() {
	start, named := programs[filepath.Base(os.Args[0])]
	if !named && len(os.Args) > 1 {
		start, named = programs[os.Args[1]]
		os.Args = os.Args[1:]
	}
	if !named {
		fmt.Fprintln(os.Stderr, "usage: kubernetes kube-apiserver | kube-controller-manager | kube-scheduler [flags]")
		os.Exit(2)
	}
	os.Exit(cli.Run(start()))
}

// Package etcd is the part "etcd": one etcd member inside this binary.
package etcd

import (
	"flag"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"go.etcd.io/etcd/server/v3/embed"
)

// Run serves one member on loopback until it is told to stop.
func Run(args []string) error {
	flags := flag.NewFlagSet("cluster etcd", flag.ExitOnError)
	dir := flags.String("dir", "", "data directory")
	client := flags.String("client", "", "client URL")
	peer := flags.String("peer", "", "peer URL")
	flags.Parse(args)

	clientURL, err := url.Parse(*client)
	if err != nil {
		return err
	}
	peerURL, err := url.Parse(*peer)
	if err != nil {
		return err
	}
	c := embed.NewConfig()
	// No fsync: the data need to survive the death of this process, not that of the machine.
	c.Dir, c.LogLevel, c.UnsafeNoFsync = *dir, "error", true
	c.ListenClientUrls, c.AdvertiseClientUrls = []url.URL{*clientURL}, []url.URL{*clientURL}
	c.ListenPeerUrls, c.AdvertisePeerUrls = []url.URL{*peerURL}, []url.URL{*peerURL}
	c.InitialCluster = c.InitialClusterFromName(c.Name)

	e, err := embed.StartEtcd(c)
	if err != nil {
		return err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	select {
	case <-stop:
		e.Close()
		return nil
	case err := <-e.Err():
		return err
	}
}

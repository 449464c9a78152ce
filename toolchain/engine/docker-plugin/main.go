// Command docker-plugin is the Pulumi resource plugin "docker": the engine starts
// it with its own address as the argument, reads the port that the plugin prints,
// and calls it over gRPC.
package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"time"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumiprovider "github.com/pulumi/pulumi/sdk/v3/go/pulumi/provider"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"doom-coding/toolchain/engine/docker-plugin/provider"
)

// engineCheckInterval bounds how long the plugin outlives a killed engine. The
// library's own check comes every five minutes, too long for a next run that
// wants to work on the same containers.
const engineCheckInterval = 2 * time.Second

// pulumiSchema is written by cmd/schema, which also tests that it is up to date.
//
//go:embed docker.schema
var pulumiSchema []byte

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-docker:", err)
		os.Exit(1)
	}
}

// serve answers requests until the engine ends the plugin or is gone itself.
func serve() error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	if len(os.Args) > 1 {
		// The protocol puts the engine's address last, after any flags.
		engine := os.Args[len(os.Args)-1]
		if err := rpcutil.Healthcheck(ctx, engine, engineCheckInterval, stop); err != nil {
			return fmt.Errorf("watching the engine at %s: %w", engine, err)
		}
	}
	info := provider.New()
	info.P.InitLogging(ctx)
	return pulumiprovider.MainContext(ctx, provider.Name,
		func(host *pulumiprovider.HostClient) (pulumirpc.ResourceProviderServer, error) {
			return tfbridge.NewProvider(
				ctx, host, provider.Name, provider.Version, info.P, info, pulumiSchema,
			), nil
		})
}

// Command command-plugin is the Pulumi resource plugin "command": the engine
// starts it with its own address as the argument, reads the port that the plugin
// prints, and calls it over gRPC.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"

	"doom-coding/toolchain/engine/command-plugin/provider"
)

// engineCheckInterval bounds how long the plugin, and with it a running command,
// outlives a killed engine. The library's own check comes every five minutes.
const engineCheckInterval = 2 * time.Second

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-command:", err)
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
	return provider.New().Run(ctx, provider.Name, provider.Version)
}

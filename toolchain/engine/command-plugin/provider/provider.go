// Package provider puts together the Pulumi package "command".
package provider

import (
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/middleware/schema"

	"doom-coding/toolchain/engine/command-plugin/local"
)

const (
	// Name is the Pulumi package's name, the first part of every token.
	Name = "command"

	// Version is the version of the npm SDK @pulumi/command that this plugin
	// serves. The engine looks for a plugin of exactly the SDK's version.
	Version = "1.2.1"
)

// New returns the provider. The library takes the middle part of the tokens from
// the name of the Go package, hence "command:local:Command".
func New() p.Provider {
	return infer.Provider(infer.Options{
		Metadata: schema.Metadata{
			Description: "Run commands and scripts as part of the resource model",
			License:     "MIT",
		},
		Resources: []infer.InferredResource{infer.Resource(local.Command{})},
		Functions: []infer.InferredFunction{infer.Function(local.Run{})},
	})
}

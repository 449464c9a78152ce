// Package provider maps the upstream Terraform provider for Docker to the Pulumi
// package "docker", with the tokens and property names of the npm SDK
// @pulumi/docker, which fixes them: a resource registered under any other name
// would not be found by a program.
package provider

import (
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/terraform-providers/terraform-provider-docker/shim"
)

const (
	// Name is the Pulumi package's name, the first part of every token.
	Name = "docker"

	// Version is the version of the npm SDK that this plugin serves. The engine
	// looks for a plugin of exactly the SDK's version.
	Version = "5.2.0"

	// module holds all resources; the SDK has no other.
	module = "index"

	// nameLength is the longest name that auto-naming may build.
	nameLength = 255

	defaultHost = "unix:///var/run/docker.sock"
)

// New returns the description from which the bridge serves every request.
// It panics when the upstream provider no longer fits the mapping, which can
// only follow a change of the pinned versions.
func New() tfbridge.ProviderInfo {
	info := tfbridge.ProviderInfo{
		P:           shimv2.NewProvider(shim.NewProvider()),
		Name:        Name,
		Version:     Version,
		GitHubOrg:   "kreuzwerker",
		Description: "Docker resources, bridged from the upstream Terraform provider",
		License:     "MPL-2.0",
		Config: map[string]*tfbridge.SchemaInfo{
			"host": {Default: &tfbridge.DefaultInfo{
				Value:   defaultHost,
				EnvVars: []string{"DOCKER_HOST"},
			}},
			"registry_auth": {Name: "registryAuth", MaxItemsOne: tfbridge.False()},
		},
		Resources:   resources(),
		DataSources: dataSources(),
	}
	info.MustComputeTokens(tokens.SingleModule("docker_", module, tokens.MakeStandard(Name)))
	info.SetAutonaming(nameLength, "-")
	return info
}

// resources lists only what the naming rules of the bridge would get wrong.
func resources() map[string]*tfbridge.ResourceInfo {
	return map[string]*tfbridge.ResourceInfo{
		"docker_config": {Tok: tfbridge.MakeResource(Name, module, "ServiceConfig")},
		"docker_container": {
			Tok: tfbridge.MakeResource(Name, module, "Container"),
			// A published port and a fixed name exist once on a host, so the old
			// container has to go before the new one can start.
			DeleteBeforeReplace: true,
			Fields: map[string]*tfbridge.SchemaInfo{
				"command":           {Name: "command"},
				"networks_advanced": {Name: "networksAdvanced"},
			},
		},
		"docker_image": {
			Tok: tfbridge.MakeResource(Name, module, "RemoteImage"),
			// Spelled out, because the name is the image's reference and must not
			// be made up by auto-naming.
			Fields: map[string]*tfbridge.SchemaInfo{"name": {Name: "name"}},
		},
	}
}

func dataSources() map[string]*tfbridge.DataSourceInfo {
	return map[string]*tfbridge.DataSourceInfo{
		"docker_image": {Tok: tfbridge.MakeDataSource(Name, module, "getRemoteImage")},
	}
}

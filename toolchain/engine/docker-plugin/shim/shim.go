// Package shim opens the upstream provider to the bridge. Upstream keeps it
// under internal/, which Go lets only packages below the same module path
// import; this module carries such a path and nothing else.
package shim

import (
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

// NewProvider returns the upstream Terraform provider for Docker.
func NewProvider() *schema.Provider {
	return provider.New("dev")()
}

// Command schema prints the Pulumi schema of the docker plugin. From the module's
// folder: go run -trimpath -tags no_compose ./cmd/schema > docker.schema
package main

import (
	"fmt"
	"os"
)

func main() {
	schema, err := generate()
	if err == nil {
		_, err = os.Stdout.Write(schema)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "schema:", err)
		os.Exit(1)
	}
}

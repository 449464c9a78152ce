package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"sort"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfgen"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"

	"doom-coding/toolchain/engine/docker-plugin/provider"
)

// generate returns the package schema as committed in docker.schema. Descriptions
// are left out: the npm SDK carries them, the engine never reads them, and
// without them the file is a third of the size.
func generate() ([]byte, error) {
	result, err := tfgen.GenerateSchemaWithOptions(tfgen.GenerateSchemaOptions{
		ProviderInfo:    provider.New(),
		DiagnosticsSink: diag.DefaultSink(os.Stderr, os.Stderr, diag.FormatOptions{Color: "never"}),
		XInMemoryDocs:   true,
	})
	if err != nil {
		return nil, fmt.Errorf("generating the schema of package %q: %w", provider.Name, err)
	}
	encoded, err := json.Marshal(result.PackageSpec)
	if err != nil {
		return nil, fmt.Errorf("encoding the schema: %w", err)
	}
	var schema map[string]any
	if err := json.Unmarshal(encoded, &schema); err != nil {
		return nil, fmt.Errorf("decoding the schema: %w", err)
	}
	// Settings of the SDK generators, which nobody runs on this schema.
	delete(schema, "language")
	return render(withoutDescriptions(schema).(map[string]any))
}

// withoutDescriptions drops the texts, but keeps properties that are themselves
// named "description": those are objects.
func withoutDescriptions(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key, member := range value {
			if _, isText := member.(string); isText && key == "description" {
				delete(value, key)
				continue
			}
			value[key] = withoutDescriptions(member)
		}
		return value
	case []any:
		for i := range value {
			value[i] = withoutDescriptions(value[i])
		}
		return value
	default:
		return value
	}
}

// render writes one line for each type, resource and function, so that a change
// of the upstream provider shows as changed lines.
func render(schema map[string]any) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("{\n")
	for i, key := range sortedKeys(schema) {
		if i > 0 {
			out.WriteString(",\n")
		}
		fmt.Fprintf(&out, "%q: ", key)
		members, isObject := schema[key].(map[string]any)
		if !isObject {
			if err := writeJSON(&out, schema[key]); err != nil {
				return nil, err
			}
			continue
		}
		out.WriteString("{\n")
		for j, name := range sortedKeys(members) {
			if j > 0 {
				out.WriteString(",\n")
			}
			fmt.Fprintf(&out, "  %q: ", name)
			if err := writeJSON(&out, members[name]); err != nil {
				return nil, err
			}
		}
		out.WriteString("\n}")
	}
	out.WriteString("\n}\n")
	return out.Bytes(), nil
}

func writeJSON(out *bytes.Buffer, value any) error {
	encoded, err := json.Marshal(value)
	if err != nil {
		return err
	}
	out.Write(encoded)
	return nil
}

func sortedKeys(object map[string]any) []string {
	keys := make([]string, 0, len(object))
	for key := range object {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
)

func TestCommittedSchemaIsUpToDate(t *testing.T) {
	want, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../docker.schema")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatal("docker.schema differs from the provider: run `go run -trimpath -tags no_compose ./cmd/schema > docker.schema`")
	}
}

func TestDescriptionsGoButPropertiesOfThatNameStay(t *testing.T) {
	in := map[string]any{
		"description": "text",
		"properties": map[string]any{
			"description": map[string]any{"type": "string", "description": "text"},
		},
		"list": []any{map[string]any{"description": "text", "name": "n"}},
	}
	got, err := json.Marshal(withoutDescriptions(in))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"list":[{"name":"n"}],"properties":{"description":{"type":"string"}}}`
	if string(got) != want {
		t.Fatalf("got %s, want %s", got, want)
	}
}

func TestRenderedSchemaIsTheSameJSON(t *testing.T) {
	in := map[string]any{
		"name":  "docker",
		"meta":  map[string]any{},
		"types": map[string]any{"b": map[string]any{"x": 1.0}, "a": []any{"<", "&"}},
	}
	rendered, err := render(in)
	if err != nil {
		t.Fatal(err)
	}
	var back map[string]any
	if err := json.Unmarshal(rendered, &back); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, rendered)
	}
	want, _ := json.Marshal(in)
	got, _ := json.Marshal(back)
	if !bytes.Equal(got, want) {
		t.Fatalf("got %s, want %s", got, want)
	}
}

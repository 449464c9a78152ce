package local

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func tree(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, file := range files {
		path := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(file), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestGlobs(t *testing.T) {
	dir := tree(t, "assets/logos/logo.svg", "src/index.js", "src/secret.js", "top.js")
	cases := map[string]struct {
		globs []string
		want  []string
	}{
		"rules in order":        {[]string{"assets/**", "src/**.js", "!**secret.*"}, []string{"assets/logos/logo.svg", "src/index.js"}},
		"star stops at a slash": {[]string{"*.js"}, []string{"top.js"}},
		"two stars do not":      {[]string{"**.js"}, []string{"src/index.js", "src/secret.js", "top.js"}},
		"the last match counts": {[]string{"!src/**", "src/*.js"}, []string{"src/index.js", "src/secret.js"}},
		"folders are no files":  {[]string{"assets"}, nil},
		"nothing given":         {nil, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			files, err := matchFiles(dir, c.globs)
			if err != nil {
				t.Fatal(err)
			}
			if got := slices.Sorted(maps.Keys(files)); !slices.Equal(got, c.want) {
				t.Fatalf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestBrokenGlobIsNamed(t *testing.T) {
	_, err := matchFiles(t.TempDir(), []string{"ok", "[broken"})
	if err == nil || !strings.Contains(err.Error(), `"[broken"`) {
		t.Fatalf("got %v", err)
	}
}

func TestCommandReturnsItsFiles(t *testing.T) {
	dir := t.TempDir()
	in := ProcessInputs{Dir: &dir, AssetPaths: &[]string{"*.txt"}, ArchivePaths: &[]string{"**"}}
	out := run(t, "echo one > a.txt; mkdir b; echo two > b/c", in, ProcessOutputs{})
	asset := (*out.Assets)["a.txt"].Asset
	if len(*out.Assets) != 1 || asset.Path != filepath.Join(dir, "a.txt") {
		t.Fatalf("assets: %v", *out.Assets)
	}
	members, isAssets := out.Archive.GetAssets()
	if got := slices.Sorted(maps.Keys(members)); !isAssets || !slices.Equal(got, []string{"a.txt", "b/c"}) {
		t.Fatalf("archive: %q", got)
	}
}

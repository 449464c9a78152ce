package local

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gobwas/glob"
	"github.com/pulumi/pulumi-go-provider/infer/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// collectFiles puts the files that the globs match into the outputs.
func collectFiles(dir string, in ProcessInputs, out *ProcessOutputs) error {
	if in.AssetPaths != nil {
		files, err := matchFiles(dir, *in.AssetPaths)
		if err != nil {
			return fmt.Errorf("assetPaths: %w", err)
		}
		assets := make(map[string]types.AssetOrArchive, len(files))
		for path, file := range files {
			assets[path] = types.AssetOrArchive{Asset: file}
		}
		out.Assets = &assets
	}
	if in.ArchivePaths == nil {
		return nil
	}
	files, err := matchFiles(dir, *in.ArchivePaths)
	if err != nil {
		return fmt.Errorf("archivePaths: %w", err)
	}
	members := make(map[string]any, len(files))
	for path, file := range files {
		members[path] = file
	}
	out.Archive, err = resource.NewAssetArchive(members)
	return err
}

// rule is one glob; of the rules that match a file, the last one decides.
type rule struct {
	pattern glob.Glob
	exclude bool
}

func parseRules(globs []string) ([]rule, error) {
	rules := make([]rule, 0, len(globs))
	for _, text := range globs {
		pattern, exclude := strings.CutPrefix(text, "!")
		compiled, err := glob.Compile(pattern, '/')
		if err != nil {
			return nil, fmt.Errorf("glob %q: %w", text, err)
		}
		rules = append(rules, rule{pattern: compiled, exclude: exclude})
	}
	return rules, nil
}

func included(rules []rule, path string) bool {
	result := false
	for _, r := range rules {
		if r.pattern.Match(path) {
			result = !r.exclude
		}
	}
	return result
}

// matchFiles returns the files below dir, not folders, by path relative to dir.
func matchFiles(dir string, globs []string) (map[string]*resource.Asset, error) {
	rules, err := parseRules(globs)
	if err != nil {
		return nil, err
	}
	files := map[string]*resource.Asset{}
	err = fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !included(rules, path) {
			return err
		}
		file, err := resource.NewPathAsset(filepath.Join(dir, path))
		files[path] = file
		return err
	})
	return files, err
}

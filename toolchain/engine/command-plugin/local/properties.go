// Package local runs commands on the machine of the Pulumi program. Properties
// and behaviour are those of the package @pulumi/command 1.2.1.
package local

import (
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/infer/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// ProcessInputs say how a command runs; the resource and the function share them.
type ProcessInputs struct {
	Stdin                  *string            `pulumi:"stdin,optional"`
	Logging                *Logging           `pulumi:"logging,optional"`
	Interpreter            *[]string          `pulumi:"interpreter,optional"`
	Dir                    *string            `pulumi:"dir,optional"`
	Environment            *map[string]string `pulumi:"environment,optional"`
	AssetPaths             *[]string          `pulumi:"assetPaths,optional"`
	ArchivePaths           *[]string          `pulumi:"archivePaths,optional"`
	AddPreviousOutputInEnv *bool              `pulumi:"addPreviousOutputInEnv,optional"`
}

// Annotate describes the properties in the schema.
func (in *ProcessInputs) Annotate(a infer.Annotator) {
	a.Describe(&in.Stdin, "Text for the command's standard input.")
	a.Describe(&in.Logging, "Which output shows as progress while the command runs; both by default.")
	a.Describe(&in.Interpreter, `Program and arguments that get the command as the last argument; ["/bin/sh", "-c"] by default.`)
	a.Describe(&in.Dir, "Working directory, which must exist; the program's by default.")
	a.Describe(&in.Environment, "Environment variables added to those of the engine.")
	a.Describe(&in.AssetPaths, `Globs of files to return one by one; a leading "!" excludes.`)
	a.Describe(&in.ArchivePaths, `Globs of files to return as one archive; a leading "!" excludes.`)
	a.Describe(&in.AddPreviousOutputInEnv, "Whether the previous run's output is in PULUMI_COMMAND_STDOUT and PULUMI_COMMAND_STDERR.")
	a.SetDefault(&in.AddPreviousOutputInEnv, true)
}

// ProcessOutputs are what a finished command left.
type ProcessOutputs struct {
	Stdout  string                           `pulumi:"stdout"`
	Stderr  string                           `pulumi:"stderr"`
	Assets  *map[string]types.AssetOrArchive `pulumi:"assets,optional"`
	Archive *resource.Archive                `pulumi:"archive,optional"`
}

// Annotate describes the properties in the schema.
func (out *ProcessOutputs) Annotate(a infer.Annotator) {
	a.Describe(&out.Stdout, "Standard output, without the last line break.")
	a.Describe(&out.Stderr, "Standard error, without the last line break.")
	a.Describe(&out.Assets, "Files that assetPaths matched, by path relative to dir.")
	a.Describe(&out.Archive, "Files that archivePaths matched.")
}

// Logging selects the output that shows as progress. It does not change what the
// outputs stdout and stderr hold.
type Logging string

const (
	logStdout          Logging = "stdout"
	logStderr          Logging = "stderr"
	logStdoutAndStderr Logging = "stdoutAndStderr"
	logNone            Logging = "none"
)

// Values lists the members of the enumeration for the schema.
func (Logging) Values() []infer.EnumValue[Logging] {
	return []infer.EnumValue[Logging]{
		{Name: "Stdout", Value: logStdout, Description: "Standard output only"},
		{Name: "Stderr", Value: logStderr, Description: "Standard error only"},
		{Name: "StdoutAndStderr", Value: logStdoutAndStderr, Description: "Both"},
		{Name: "None", Value: logNone, Description: "Nothing"},
	}
}

func (l *Logging) showsStdout() bool {
	return l == nil || *l == logStdout || *l == logStdoutAndStderr
}

func (l *Logging) showsStderr() bool {
	return l == nil || *l == logStderr || *l == logStdoutAndStderr
}

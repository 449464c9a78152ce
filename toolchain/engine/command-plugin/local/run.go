package local

import (
	"context"

	"github.com/pulumi/pulumi-go-provider/infer"
)

// Run is the function command:local:run. Unlike the resource it runs every time,
// in a preview too.
type Run struct{}

// WireDependencies makes every output depend on every input, as for Command.
func (Run) WireDependencies(f infer.FieldSelector, args *RunInputs, result *RunOutputs) {
	f.OutputField(result).DependsOn(f.InputField(args))
}

// Annotate describes the function in the schema.
func (r *Run) Annotate(a infer.Annotator) {
	a.Describe(&r, "A command that runs on every execution of the program, in previews too.")
}

// RunInputs are the function's arguments.
type RunInputs struct {
	ProcessInputs
	Command string `pulumi:"command"`
}

// Annotate describes the properties in the schema.
func (in *RunInputs) Annotate(a infer.Annotator) {
	a.Describe(&in.Command, "The command to run.")
}

// RunOutputs are the function's result.
type RunOutputs struct {
	RunInputs
	ProcessOutputs
}

// Invoke runs the command.
func (Run) Invoke(
	ctx context.Context, req infer.FunctionRequest[RunInputs],
) (infer.FunctionResponse[RunOutputs], error) {
	outputs, err := runProcess(ctx, req.Input.Command, req.Input.ProcessInputs, ProcessOutputs{})
	return infer.FunctionResponse[RunOutputs]{
		Output: RunOutputs{RunInputs: req.Input, ProcessOutputs: outputs},
	}, err
}

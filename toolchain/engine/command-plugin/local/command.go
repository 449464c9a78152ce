package local

import (
	"context"

	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Command is the resource command:local:Command: one command for each step of its
// life. A preview never runs any of them.
type Command struct{}

// WireDependencies makes every output depend on every input: a secret in the
// environment may come out again on standard output, so that becomes secret too.
func (Command) WireDependencies(f infer.FieldSelector, args *CommandInputs, state *CommandOutputs) {
	f.OutputField(state).DependsOn(f.InputField(args))
}

// Annotate describes the resource in the schema.
func (c *Command) Annotate(a infer.Annotator) {
	a.Describe(&c, "A command that runs when the resource is created, changed or deleted.")
}

// CommandInputs are the resource's arguments.
type CommandInputs struct {
	Triggers *[]any  `pulumi:"triggers,optional" provider:"replaceOnChanges"`
	Create   *string `pulumi:"create,optional"`
	Update   *string `pulumi:"update,optional"`
	Delete   *string `pulumi:"delete,optional"`
	ProcessInputs
}

// Annotate describes the properties in the schema.
func (in *CommandInputs) Annotate(a infer.Annotator) {
	a.Describe(&in.Triggers, "Values of any type; a change of one replaces the resource.")
	a.Describe(&in.Create, "Command to run on creation.")
	a.Describe(&in.Update, "Command to run on a change of any input; create by default.")
	a.Describe(&in.Delete, "Command to run on deletion.")
}

// CommandOutputs are the resource's state.
type CommandOutputs struct {
	CommandInputs
	ProcessOutputs
}

// idRandomBytes is the length of the random part of an ID, in bytes.
const idRandomBytes = 8

// Create runs the create command, if there is one.
func (Command) Create(
	ctx context.Context, req infer.CreateRequest[CommandInputs],
) (infer.CreateResponse[CommandOutputs], error) {
	response := infer.CreateResponse[CommandOutputs]{Output: CommandOutputs{CommandInputs: req.Inputs}}
	id, err := resource.NewUniqueHex(req.Name, idRandomBytes, 0)
	if err != nil {
		return response, err
	}
	response.ID = id
	if req.DryRun || req.Inputs.Create == nil {
		return response, nil
	}
	response.Output.ProcessOutputs, err = runProcess(ctx, *req.Inputs.Create, req.Inputs.ProcessInputs, ProcessOutputs{})
	return response, err
}

// Update runs the update command, or the create command where there is none.
func (Command) Update(
	ctx context.Context, req infer.UpdateRequest[CommandInputs, CommandOutputs],
) (infer.UpdateResponse[CommandOutputs], error) {
	response := infer.UpdateResponse[CommandOutputs]{Output: CommandOutputs{
		CommandInputs:  req.Inputs,
		ProcessOutputs: req.State.ProcessOutputs,
	}}
	command := req.Inputs.Update
	if command == nil {
		command = req.Inputs.Create
	}
	if req.DryRun || command == nil {
		return response, nil
	}
	var err error
	response.Output.ProcessOutputs, err = runProcess(ctx, *command, req.Inputs.ProcessInputs, req.State.ProcessOutputs)
	return response, err
}

// Delete runs the delete command, if there is one.
func (Command) Delete(
	ctx context.Context, req infer.DeleteRequest[CommandOutputs],
) (infer.DeleteResponse, error) {
	if req.State.Delete == nil {
		return infer.DeleteResponse{}, nil
	}
	_, err := runProcess(ctx, *req.State.Delete, req.State.ProcessInputs, req.State.ProcessOutputs)
	return infer.DeleteResponse{}, err
}

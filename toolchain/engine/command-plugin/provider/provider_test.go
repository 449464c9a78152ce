package provider

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/blang/semver"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/integration"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

const urn = resource.URN("urn:pulumi:test::test::command:local:Command::name")

func start(t *testing.T) integration.Server {
	t.Helper()
	server, err := integration.NewServer(
		t.Context(), Name, semver.MustParse(Version), integration.WithProvider(New()),
	)
	if err != nil {
		t.Fatal(err)
	}
	return server
}

func inputs(values map[string]property.Value) property.Map { return property.NewMap(values) }

func text(value string) property.Value { return property.New(value) }

func create(t *testing.T, server integration.Server, in property.Map) property.Map {
	t.Helper()
	response, err := server.Create(p.CreateRequest{Urn: urn, Properties: in})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(response.ID, "name") {
		t.Fatalf("ID %q does not start with the resource's name", response.ID)
	}
	return response.Properties
}

func TestTokensAreThoseOfTheSDK(t *testing.T) {
	response, err := start(t).GetSchema(p.GetSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Resources map[string]struct {
			InputProperties map[string]struct{ ReplaceOnChanges bool }
		}
		Functions map[string]any
	}
	if err := json.Unmarshal([]byte(response.Schema), &schema); err != nil {
		t.Fatal(err)
	}
	command, found := schema.Resources["command:local:Command"]
	if !found || !command.InputProperties["triggers"].ReplaceOnChanges {
		t.Errorf("resources: %v", schema.Resources)
	}
	if _, found := schema.Functions["command:local:run"]; !found {
		t.Errorf("functions: %v", schema.Functions)
	}
}

func TestPreviewRunsNothing(t *testing.T) {
	server := start(t)
	file := filepath.Join(t.TempDir(), "made")
	in := inputs(map[string]property.Value{"create": text("touch " + file), "update": text("touch " + file)})
	created, err := server.Create(p.CreateRequest{Urn: urn, Properties: in, DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	if stdout := created.Properties.Get("stdout"); !stdout.IsComputed() {
		t.Errorf("stdout is known before the command ran: %v", stdout)
	}
	_, err = server.Update(p.UpdateRequest{
		Urn: urn, ID: "id", DryRun: true, Inputs: in,
		State: in.Set("stdout", text("")).Set("stderr", text("")),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("a preview ran the command: %v", err)
	}
}

func TestUpdateFallsBackToCreate(t *testing.T) {
	server := start(t)
	state := create(t, server, inputs(map[string]property.Value{"create": text("echo created")}))
	cases := map[string]struct {
		in   map[string]property.Value
		want string
	}{
		"update":         {map[string]property.Value{"create": text("echo created"), "update": text("echo updated after $PULUMI_COMMAND_STDOUT")}, "updated after created"},
		"create instead": {map[string]property.Value{"create": text("echo again")}, "again"},
		"neither":        {map[string]property.Value{"delete": text("true")}, "created"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			response, err := server.Update(p.UpdateRequest{Urn: urn, ID: "id", State: state, Inputs: inputs(c.in)})
			if err != nil {
				t.Fatal(err)
			}
			if got := response.Properties.Get("stdout").AsString(); got != c.want {
				t.Fatalf("stdout %q, want %q", got, c.want)
			}
		})
	}
}

func TestDeleteSeesPreviousOutput(t *testing.T) {
	server := start(t)
	file := filepath.Join(t.TempDir(), "seen")
	state := create(t, server, inputs(map[string]property.Value{
		"create": text("echo made"), "delete": text("printf %s \"$PULUMI_COMMAND_STDOUT\" > " + file),
	}))
	if err := server.Delete(p.DeleteRequest{Urn: urn, ID: "id", Properties: state}); err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(file); err != nil || string(content) != "made" {
		t.Fatalf("got %q, %v", content, err)
	}
}

func TestFailingCommandCreatesNothing(t *testing.T) {
	response, err := start(t).Create(p.CreateRequest{
		Urn: urn, Properties: inputs(map[string]property.Value{"create": text("echo why; exit 7")}),
	})
	if err == nil || response.ID != "" {
		t.Fatalf("response %v, error %v", response, err)
	}
	for _, part := range []string{"exit status 7", "echo why; exit 7", "why\n"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is missing in %q", part, err)
		}
	}
}

func TestSecretsFlowToOutputs(t *testing.T) {
	server := start(t)
	secret := property.New(property.NewMap(map[string]property.Value{"TOKEN": text("s").WithSecret(true)}))
	for name, c := range map[string]struct {
		environment property.Value
		want        bool
	}{
		"secret environment": {secret, true},
		"plain environment":  {property.New(property.NewMap(map[string]property.Value{"TOKEN": text("s")})), false},
	} {
		t.Run(name, func(t *testing.T) {
			in := inputs(map[string]property.Value{"create": text("echo $TOKEN"), "environment": c.environment})
			created := create(t, server, in)
			updated, err := server.Update(p.UpdateRequest{Urn: urn, ID: "id", State: created, Inputs: in})
			if err != nil {
				t.Fatal(err)
			}
			for _, output := range []string{"stdout", "stderr"} {
				if created.Get(output).Secret() != c.want || updated.Properties.Get(output).Secret() != c.want {
					t.Errorf("%s: secret %v after creation, %v after update, want %v",
						output, created.Get(output).Secret(), updated.Properties.Get(output).Secret(), c.want)
				}
			}
			if created.Get("create").Secret() {
				t.Error("the command itself became secret")
			}
		})
	}
}

func TestDiff(t *testing.T) {
	server := start(t)
	list := func(values ...string) property.Value {
		items := make([]property.Value, 0, len(values))
		for _, value := range values {
			items = append(items, text(value))
		}
		return property.New(property.NewArray(items))
	}
	old := map[string]property.Value{"create": text("a"), "addPreviousOutputInEnv": property.New(true)}
	cases := map[string]struct {
		change map[string]property.Value
		want   []string
	}{
		"nothing":        {nil, nil},
		"another create": {map[string]property.Value{"create": text("b")}, []string{"create update"}},
		"a new trigger":  {map[string]property.Value{"triggers": list("x")}, []string{"triggers add&replace"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			news := inputs(old)
			for key, value := range c.change {
				news = news.Set(key, value)
			}
			diff, err := server.Diff(p.DiffRequest{
				Urn: urn, ID: "id", Inputs: news, OldInputs: inputs(old),
				State: inputs(old).Set("stdout", text("")).Set("stderr", text("")),
			})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for key, change := range diff.DetailedDiff {
				got = append(got, key+" "+string(change.Kind))
			}
			if diff.HasChanges != (c.want != nil) || !slices.Equal(got, c.want) {
				t.Fatalf("changes %v %q, want %q", diff.HasChanges, got, c.want)
			}
		})
	}
}

func TestRunFunction(t *testing.T) {
	response, err := start(t).Invoke(p.InvokeRequest{
		Token: "command:local:run",
		Args:  inputs(map[string]property.Value{"command": text("echo always")}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := response.Return.Get("stdout").AsString(); got != "always" {
		t.Fatalf("stdout %q", got)
	}
	failed, err := start(t).Invoke(p.InvokeRequest{
		Token: "command:local:run",
		Args:  inputs(map[string]property.Value{"command": text("exit 9")}),
	})
	if err == nil || !strings.Contains(err.Error(), "exit status 9") {
		t.Fatalf("response %v, error %v", failed, err)
	}
}

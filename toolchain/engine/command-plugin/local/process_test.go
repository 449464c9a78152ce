package local

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func pointer[T any](value T) *T { return &value }

func run(t *testing.T, command string, in ProcessInputs, previous ProcessOutputs) ProcessOutputs {
	t.Helper()
	out, err := runProcess(t.Context(), command, in, previous)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestStreamsAreSeparateAndLoseOneLineBreak(t *testing.T) {
	out := run(t, `printf 'a\nb\n\n'; printf 'c\n' >&2`, ProcessInputs{}, ProcessOutputs{})
	if out.Stdout != "a\nb\n" || out.Stderr != "c" {
		t.Fatalf("stdout %q, stderr %q", out.Stdout, out.Stderr)
	}
}

func TestStdinEnvironmentAndDirectory(t *testing.T) {
	dir := t.TempDir()
	in := ProcessInputs{
		Stdin:       pointer("from stdin"),
		Environment: &map[string]string{"GIVEN": "from environment", "HOME": "replaced"},
		Dir:         &dir,
	}
	out := run(t, `cat; printf ' %s %s ' "$GIVEN" "$HOME"; pwd -P`, in, ProcessOutputs{})
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	if want := "from stdin from environment replaced " + real; out.Stdout != want {
		t.Fatalf("got %q, want %q", out.Stdout, want)
	}
}

func TestInterpreterGetsTheCommandAsLastArgument(t *testing.T) {
	in := ProcessInputs{Interpreter: &[]string{"printf", "%s|"}}
	if out := run(t, "$HOME; exit 1", in, ProcessOutputs{}); out.Stdout != "$HOME; exit 1|" {
		t.Fatalf("got %q", out.Stdout)
	}
}

func TestPreviousOutput(t *testing.T) {
	const show = `printf '%s/%s' "${PULUMI_COMMAND_STDOUT-unset}" "${PULUMI_COMMAND_STDERR-unset}"`
	previous := ProcessOutputs{Stdout: "out", Stderr: "err"}
	cases := map[string]struct {
		add      *bool
		previous ProcessOutputs
		want     string
	}{
		"by default":      {nil, previous, "out/err"},
		"when asked for":  {pointer(true), previous, "out/err"},
		"not when not":    {pointer(false), previous, "unset/unset"},
		"unset when none": {nil, ProcessOutputs{}, "unset/unset"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			in := ProcessInputs{AddPreviousOutputInEnv: c.add}
			if out := run(t, show, in, c.previous); out.Stdout != c.want {
				t.Fatalf("got %q, want %q", out.Stdout, c.want)
			}
		})
	}
}

func TestFailureHoldsCommandAndOutput(t *testing.T) {
	const command = "echo to-stdout; echo to-stderr >&2; exit 3"
	previous := ProcessOutputs{Stdout: "kept"}
	out, err := runProcess(t.Context(), command, ProcessInputs{}, previous)
	if err == nil {
		t.Fatal("exit code 3 is no error")
	}
	for _, part := range []string{"exit status 3", command, "to-stdout\n", "to-stderr\n"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is missing in %q", part, err)
		}
	}
	if out.Stdout != "kept" {
		t.Errorf("a failed run changed the outputs to %q", out.Stdout)
	}
}

func TestCommandThatCannotStart(t *testing.T) {
	for name, in := range map[string]ProcessInputs{
		"interpreter": {Interpreter: &[]string{"/does/not/exist"}},
		"directory":   {Dir: pointer("/does/not/exist")},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := runProcess(t.Context(), "true", in, ProcessOutputs{})
			if !errors.Is(err, os.ErrNotExist) {
				t.Fatalf("got %v", err)
			}
		})
	}
}

// The shell starts a process of its own, which would live on and keep the output
// open if only the shell were stopped.
func TestCancelEndsTheWholeGroup(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ready := filepath.Join(t.TempDir(), "ready")
	ended := make(chan error, 1)
	go func() {
		_, err := runProcess(ctx, "sleep 600 & echo $! > "+ready+"; wait", ProcessInputs{}, ProcessOutputs{})
		ended <- err
	}()
	waitFor(t, func() bool { return len(read(ready)) > 0 })
	child := strings.TrimSpace(read(ready))
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the command did not end")
	}
	waitFor(t, func() bool { return gone(child) })
}

func TestCancelledCommandIsNoSuccess(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ready := filepath.Join(t.TempDir(), "ready")
	go func() {
		for read(ready) == "" {
			time.Sleep(5 * time.Millisecond)
		}
		cancel()
	}()
	_, err := runProcess(ctx, "trap 'exit 0' TERM; echo up > "+ready+"; while :; do sleep 0.05; done",
		ProcessInputs{}, ProcessOutputs{})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
}

func TestLoggingSelectsStreams(t *testing.T) {
	cases := map[string]struct {
		logging *Logging
		want    string
	}{
		"default":         {nil, "out err last"},
		"stdout":          {pointer(logStdout), "out last"},
		"stderr":          {pointer(logStderr), "err"},
		"stdoutAndStderr": {pointer(logStdoutAndStderr), "out err last"},
		"none":            {pointer(logNone), ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var shown []string
			capture := newCapture(c.logging, func(line string) { shown = append(shown, line) })
			write(t, &capture.stdout, "ou")
			write(t, &capture.stdout, "t\nla")
			write(t, &capture.stderr, "err\n")
			write(t, &capture.stdout, "st")
			capture.flush()
			if got := strings.Join(shown, " "); got != c.want {
				t.Fatalf("shown %q, want %q", got, c.want)
			}
			if capture.all.String() != "out\nlaerr\nst" {
				t.Fatalf("kept %q", capture.all.String())
			}
		})
	}
}

// A line without end must not block the command that writes it.
func TestVeryLongLine(t *testing.T) {
	out := run(t, "head -c 3000000 /dev/zero | tr '\\0' x", ProcessInputs{}, ProcessOutputs{})
	if len(out.Stdout) != 3000000 {
		t.Fatalf("got %d characters", len(out.Stdout))
	}
}

func write(t *testing.T, s *stream, text string) {
	t.Helper()
	if n, err := s.Write([]byte(text)); n != len(text) || err != nil {
		t.Fatalf("wrote %d, %v", n, err)
	}
}

func read(file string) string {
	content, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return string(content)
}

// gone is true for an ended process, also for one that nobody has waited for yet.
func gone(pid string) bool {
	status := read("/proc/" + pid + "/stat")
	return status == "" || strings.Contains(status, ") Z ")
}

func waitFor(t *testing.T, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatal("the condition did not come true within 10 s")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

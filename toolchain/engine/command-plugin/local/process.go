package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
)

const (
	stdoutVariable = "PULUMI_COMMAND_STDOUT"
	stderrVariable = "PULUMI_COMMAND_STDERR"

	// stopGrace is how long a cancelled command has to clean up after SIGTERM.
	stopGrace = 30 * time.Second
)

// runProcess runs one command and returns its outputs. Outputs of the previous run
// that this run does not replace (assets, archive) stay. A command that cannot
// start or exits with another code than 0 is an error that holds the command and
// all its output.
func runProcess(
	ctx context.Context, command string, in ProcessInputs, previous ProcessOutputs,
) (ProcessOutputs, error) {
	dir, err := workingDirectory(in)
	if err != nil {
		return previous, err
	}
	cmd := newCommand(command, dir, in, previous)
	capture := newCapture(in.Logging, p.GetLogger(ctx).InfoStatus)
	cmd.Stdout, cmd.Stderr = &capture.stdout, &capture.stderr
	if err := runInGroup(ctx, cmd); err != nil {
		return previous, fmt.Errorf("%w: running %q:\n%s", err, command, capture.all.String())
	}
	capture.flush()

	outputs := previous
	if err := collectFiles(dir, in, &outputs); err != nil {
		return previous, err
	}
	outputs.Stdout = strings.TrimSuffix(capture.stdout.text.String(), "\n")
	outputs.Stderr = strings.TrimSuffix(capture.stderr.text.String(), "\n")
	return outputs, nil
}

func workingDirectory(in ProcessInputs) (string, error) {
	if in.Dir != nil {
		return *in.Dir, nil
	}
	return os.Getwd()
}

func newCommand(command, dir string, in ProcessInputs, previous ProcessOutputs) *exec.Cmd {
	argv := []string{"/bin/sh", "-c"}
	if in.Interpreter != nil && len(*in.Interpreter) > 0 {
		argv = append([]string{}, *in.Interpreter...)
	}
	argv = append(argv, command)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = dir
	cmd.Env = environment(in, previous)
	if in.Stdin != nil && *in.Stdin != "" {
		cmd.Stdin = strings.NewReader(*in.Stdin)
	}
	return cmd
}

// environment adds the given variables to the plugin's own, then the previous
// output; of two equal names the later counts.
func environment(in ProcessInputs, previous ProcessOutputs) []string {
	variables := os.Environ()
	if in.Environment != nil {
		for name, value := range *in.Environment {
			variables = append(variables, name+"="+value)
		}
	}
	if in.AddPreviousOutputInEnv != nil && !*in.AddPreviousOutputInEnv {
		return variables
	}
	if previous.Stdout != "" {
		variables = append(variables, stdoutVariable+"="+previous.Stdout)
	}
	if previous.Stderr != "" {
		variables = append(variables, stderrVariable+"="+previous.Stderr)
	}
	return variables
}

// runInGroup runs the command in a process group of its own and ends the whole
// group when the context ends: a signal to the shell alone would leave what the
// shell started, which would also keep the output open and block Wait.
func runInGroup(ctx context.Context, cmd *exec.Cmd) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	var watch sync.WaitGroup
	var stopped error
	watch.Go(func() {
		select {
		case <-ended:
		case <-ctx.Done():
			stopped = ctx.Err()
			stopGroup(cmd.Process.Pid, ended)
		}
	})
	err := cmd.Wait()
	close(ended)
	watch.Wait()
	// A command that ends with 0 after the signal has not done its work either.
	return errors.Join(stopped, err)
}

// stopGroup asks the group to end and, when it has not after stopGrace, kills it.
func stopGroup(group int, ended <-chan struct{}) {
	// ESRCH, the only error possible for a group of ours, means it has ended.
	_ = syscall.Kill(-group, syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(stopGrace):
		_ = syscall.Kill(-group, syscall.SIGKILL)
	}
}

// capture keeps what a command wrote, each stream for itself and both in the order
// of arrival, and shows complete lines of the wanted streams.
type capture struct {
	stdout, stderr stream
	all            lockedBuffer
}

func newCapture(logging *Logging, show func(line string)) *capture {
	c := &capture{}
	c.stdout.all, c.stderr.all = &c.all, &c.all
	if logging.showsStdout() {
		c.stdout.show = show
	}
	if logging.showsStderr() {
		c.stderr.show = show
	}
	return c
}

// flush shows last lines that had no line break.
func (c *capture) flush() {
	c.stdout.flush()
	c.stderr.flush()
}

type stream struct {
	text bytes.Buffer
	all  io.Writer
	show func(line string)
	line bytes.Buffer
}

// Write never fails, so that a command is not stopped by its own output.
func (s *stream) Write(data []byte) (int, error) {
	s.text.Write(data)
	if _, err := s.all.Write(data); err != nil {
		return 0, err
	}
	if s.show == nil {
		return len(data), nil
	}
	s.line.Write(data)
	for {
		end := bytes.IndexByte(s.line.Bytes(), '\n')
		if end < 0 {
			return len(data), nil
		}
		s.show(strings.TrimSuffix(string(s.line.Next(end+1)), "\n"))
	}
}

func (s *stream) flush() {
	if s.show != nil && s.line.Len() > 0 {
		s.show(s.line.String())
		s.line.Reset()
	}
}

// lockedBuffer takes writes from both streams at once.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(data)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
)

var peerScript = filepath.Join("bench", "peers", "score.py")

// peer is a rival in a process of its own, which waits to be told to score.
type peer struct {
	name, version string
	best          timing
	scores        string // file
	command       *exec.Cmd
	in            io.WriteCloser
	out           *bufio.Reader
}

// startPeer loads rows and model and scores once.
func startPeer(ctx context.Context, python, dir, name string) (*peer, error) {
	p := &peer{name: name, scores: filepath.Join(dir, name+".npy")}
	p.command = exec.CommandContext(ctx, python, peerScript, "serve", dir, name, strconv.Itoa(runtime.GOMAXPROCS(0)))
	p.command.Stderr = os.Stderr
	var err error
	if p.in, err = p.command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	var hello struct{ Version string }
	if err := errors.Join(p.answer(&hello), p.score()); err != nil {
		p.kill()
		return nil, err
	}
	p.version, p.best = hello.Version, never
	return p, nil
}

// answer reads a line of JSON; other lines are a library's own.
func (p *peer) answer(to any) error {
	for {
		line, err := p.out.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		if line[0] == '{' {
			return json.Unmarshal(line, to)
		}
	}
}

// score has all rows scored once.
func (p *peer) score() error {
	if _, err := io.WriteString(p.in, "\n"); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	var took timing
	if err := p.answer(&took); err != nil {
		return err
	}
	p.best = p.best.least(took)
	return nil
}

// finish ends the process and returns its predictions.
func (p *peer) finish() ([]float32, error) {
	if err := errors.Join(p.in.Close(), p.command.Wait()); err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	scores, _, err := readNPY(p.scores)
	return scores, err
}

// kill is for a process that may have ended.
func (p *peer) kill() {
	_ = p.command.Process.Kill()
	_ = p.command.Wait()
}

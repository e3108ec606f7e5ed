package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/batchmill/batchmill/tuning"
)

// environment is the folder of the virtual environment with Optuna, below bench.
const environment = "peers/.venv-tuning"

// peer is a Python process with one of Optuna's samplers in it; see bench/peers/tune.py for what is said.
type peer struct {
	command  *exec.Cmd
	in       *json.Encoder
	out      *bufio.Reader
	stop     func() error
	versions string
	trials   int
}

func startPeer(bench string) (*peer, error) {
	python := filepath.Join(bench, environment, "bin/python")
	if _, err := os.Stat(python); err != nil {
		return nil, fmt.Errorf("no Optuna here: run sh bench/peers/setup.sh tuning: %w", err)
	}
	c := exec.Command(python, filepath.Join(bench, "peers/tune.py"))
	c.Env = append(os.Environ(), "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1")
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	return &peer{command: c, in: json.NewEncoder(in), out: bufio.NewReader(out), stop: in.Close}, nil
}

func (p *peer) close() {
	_ = p.stop()         // its input ends, and so does it
	_ = p.command.Wait() // how does not matter any more
}

// say sends a message and returns the answer.
func (p *peer) say(message any) (map[string]string, error) {
	if err := p.in.Encode(message); err != nil {
		return nil, err
	}
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("optuna ended: %w", err)
	}
	answer := map[string]string{}
	return answer, json.Unmarshal(line, &answer)
}

func (p *peer) start(j job) error {
	name, _ := atOnce(j.sampler)
	answer, err := p.say(map[string]any{"sampler": name, "seed": j.seed, "space": j.work.space})
	if err != nil {
		return err
	}
	p.trials = 0
	p.versions = fmt.Sprintf("optuna %s, torch %s, scipy %s, numpy %s", answer["optuna"], answer["torch"], answer["scipy"], answer["numpy"])
	return nil
}

// add tells of a trial that the sampler did not suggest.
func (p *peer) add(t tuning.Trial, cost float64) error {
	_, err := p.say(map[string]any{"values": t.Values, "value": cost})
	return err
}

// cpu is the processor time it has used, in milliseconds.
func (p *peer) cpu() (float64, error) {
	answer, err := p.say(map[string]any{"cpu": true})
	if err != nil {
		return 0, err
	}
	seconds, err := strconv.ParseFloat(answer["cpu"], 64)
	return 1000 * seconds, err
}

func (p *peer) ask() (tuning.Trial, error) {
	values, err := p.say(struct{}{})
	p.trials++
	return tuning.Trial{ID: p.trials, Values: values}, err
}

// tell is about the oldest trial that is pending.
func (p *peer) tell(_ tuning.Trial, cost float64) error {
	message := map[string]any{"value": cost}
	if math.IsNaN(cost) || math.IsInf(cost, 0) {
		message["value"] = nil
	}
	_, err := p.say(message)
	return err
}

// cache is where one run of a peer is kept: a file named for everything its outcome depends on.
type cache string

var optunaVersion = regexp.MustCompile(`(?m)^optuna==(\S+)`)

func openCache(bench string, j job, trials int) (cache, error) {
	pins, err := os.ReadFile(filepath.Join(bench, "peers/requirements-tuning.txt"))
	if err != nil {
		return "", err
	}
	version := optunaVersion.FindSubmatch(pins)
	if version == nil {
		return "", errors.New("requirements-tuning.txt pins no optuna")
	}
	space, err := json.Marshal(j.work.space)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(space)
	name := fmt.Sprintf("%s-%s-%d-%d-%s.json", j.work.name, j.sampler, j.seed, trials, hex.EncodeToString(sum[:4]))
	return cache(filepath.Join(bench, "tuning/.cache", "optuna-"+strings.TrimSpace(string(version[1])), name)), nil
}

func (c cache) read() (result, bool) {
	b, err := os.ReadFile(string(c))
	if errors.Is(err, fs.ErrNotExist) {
		return result{}, false
	}
	var r result
	return r, err == nil && json.Unmarshal(b, &r) == nil
}

func (c cache) write(r result) error {
	if err := os.MkdirAll(filepath.Dir(string(c)), 0o755); err != nil {
		return err
	}
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return os.WriteFile(string(c), b, 0o644)
}

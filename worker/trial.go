package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/batchmill/batchmill/activities"
	"github.com/batchmill/batchmill/storage"
)

// trialsBy makes trials by starting a command for each: a trial that ends its process then ends no worker.
func trialsBy(command []string) activities.Elsewhere {
	if len(command) == 0 {
		return nil
	}
	return func(ctx context.Context, t activities.Trial) (activities.TrialResult, error) {
		c := exec.CommandContext(ctx, command[0], command[1:]...)
		c.Stderr = os.Stderr
		var answer bytes.Buffer
		c.Stdout = &answer
		in, err := c.StdinPipe()
		if err != nil {
			return activities.TrialResult{}, fmt.Errorf("worker: trial: %w", err)
		}
		defer in.Close() // at its end only: a command whose worker is gone shall end
		if err := c.Start(); err != nil {
			return activities.TrialResult{}, fmt.Errorf("worker: trial: %w", err)
		}
		_ = json.NewEncoder(in).Encode(t) // a command that died already answers nothing
		ended := c.Wait()
		var r activities.TrialResult
		switch {
		case ctx.Err() != nil:
			return r, ctx.Err()
		case ended != nil || json.Unmarshal(answer.Bytes(), &r) != nil:
			return activities.Died(), nil
		case r.Error != "":
			return r, errors.New("worker: trial: " + r.Error)
		}
		return r, nil
	}
}

// Trial is what the command of Options.Trials does: it makes the one trial that in asks for and answers on out.
func Trial(ctx context.Context, o Options, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var t activities.Trial
	d := json.NewDecoder(in)
	if err := d.Decode(&t); err != nil {
		return fmt.Errorf("worker: trial: %w", err)
	}
	go func() {
		_, _ = io.Copy(io.Discard, in) // ends when the worker is gone
		cancel()
	}()
	o.setDefaults()
	shared, restore := o.budget()
	defer restore()
	a := activities.New(activities.Options{Store: o.Store, State: storage.URI{}, Registry: o.Registry, Threads: 1, Budget: shared})
	r, err := a.Try(ctx, t)
	if err != nil {
		r.Error = err.Error()
	}
	return json.NewEncoder(out).Encode(r)
}

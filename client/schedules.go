package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
)

// Schedule starts a job again and again. Its document holds placeholders such as {{.ScheduledDate}}, so that each run has a
// name, and if wanted an output path, of its own.
type Schedule struct {
	Name     string
	Kind     jobs.Kind
	Document []byte // JSON or YAML
	// When: cron expressions ("0 6 * * MON"), or calendar entries, or both.
	Cron     []string
	Calendar []client.ScheduleCalendarSpec
	TimeZone string        // IANA name; UTC if empty
	Overlap  string        // what to do when the last run is still on: Skip (default), BufferOne, BufferAll, CancelOther, TerminateOther, AllowAll
	CatchUp  time.Duration // how long a missed time is made up for; 1 year if zero
	Jitter   time.Duration
	Paused   bool
	Note     string
}

// ErrNoSchedule says that no schedule has the name; ErrScheduleExists that one has.
var (
	ErrNoSchedule     = errors.New("client: no such schedule")
	ErrScheduleExists = errors.New("client: a schedule of this name already exists")
)

// overlaps are the overlap policies by name.
var overlaps = map[string]enumspb.ScheduleOverlapPolicy{
	"":               enumspb.SCHEDULE_OVERLAP_POLICY_SKIP,
	"Skip":           enumspb.SCHEDULE_OVERLAP_POLICY_SKIP,
	"BufferOne":      enumspb.SCHEDULE_OVERLAP_POLICY_BUFFER_ONE,
	"BufferAll":      enumspb.SCHEDULE_OVERLAP_POLICY_BUFFER_ALL,
	"CancelOther":    enumspb.SCHEDULE_OVERLAP_POLICY_CANCEL_OTHER,
	"TerminateOther": enumspb.SCHEDULE_OVERLAP_POLICY_TERMINATE_OTHER,
	"AllowAll":       enumspb.SCHEDULE_OVERLAP_POLICY_ALLOW_ALL,
}

// CreateSchedule checks the document as a run of now would have it, and creates the schedule.
func (c *Client) CreateSchedule(ctx context.Context, s Schedule) error {
	overlap, ok := overlaps[s.Overlap]
	if !ok {
		return fmt.Errorf("client: overlap policy %q is none of Skip, BufferOne, BufferAll, CancelOther, TerminateOther, AllowAll", s.Overlap)
	}
	if len(s.Cron) == 0 && len(s.Calendar) == 0 {
		return errors.New("client: a schedule needs a cron expression or a calendar")
	}
	zone, err := time.LoadLocation(s.TimeZone)
	if err != nil {
		return fmt.Errorf("client: time zone %q: %w", s.TimeZone, err)
	}
	doc, err := c.checkScheduled(s, zone)
	if err != nil {
		return err
	}
	_, err = c.temporal.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: s.Name,
		Spec: client.ScheduleSpec{
			CronExpressions: s.Cron, Calendars: s.Calendar, TimeZoneName: s.TimeZone, Jitter: s.Jitter,
		},
		Action: &client.ScheduleWorkflowAction{
			// Temporal appends the time; the workflow starts the job under its own ID.
			ID:            "scheduled/" + s.Name,
			Workflow:      s.Kind.Name,
			TaskQueue:     protocol.Queue,
			Args:          []any{doc},
			Memo:          map[string]any{protocol.MemoTimeZone: zone.String()},
			StaticSummary: fmt.Sprintf("%s of schedule %s", s.Kind.Name, s.Name),
		},
		// Temporal takes cron expressions apart; this keeps them as they were written.
		Memo:    map[string]any{memoCron: s.Cron},
		Overlap: overlap, CatchupWindow: s.CatchUp, Paused: s.Paused, Note: s.Note,
	})
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return fmt.Errorf("%w: %s", ErrScheduleExists, s.Name)
	}
	return temporalError(err)
}

// checkScheduled validates the document as it will be at two different times: each run needs a name of its own.
func (c *Client) checkScheduled(s Schedule, zone *time.Location) (jobs.Document, error) {
	doc, err := jobs.Normalize(s.Document)
	if err != nil {
		return nil, err
	}
	names := [2]string{}
	for i, at := range []time.Time{time.Now(), time.Now().AddDate(0, 0, 8)} {
		text, err := jobs.Expand(doc, at, zone)
		if err != nil {
			return nil, err
		}
		if err := validate(s.Kind, text); err != nil {
			return nil, err
		}
		names[i] = jobs.Document(text).Name(s.Kind)
	}
	if names[0] == names[1] {
		return nil, fmt.Errorf("client: every run of the schedule would be named %q; put a placeholder into %s, for example %q",
			names[0], s.Kind.NameMember, names[0]+"-{{.ScheduledDate}}")
	}
	return doc, nil
}

const memoCron = "Cron"

// cronOf reads the expressions a schedule was made with.
func cronOf(memo *commonpb.Memo) (cron []string) {
	if p, ok := memo.GetFields()[memoCron]; ok {
		// A schedule made by another program may use the key for something else: then there is nothing to show.
		_ = converter.GetDefaultDataConverter().FromPayload(p, &cron)
	}
	return cron
}

// ScheduleInfo is what a schedule says of itself.
type ScheduleInfo struct {
	Name     string
	Kind     string
	Cron     []string  `json:",omitempty"`
	TimeZone string    `json:",omitempty"`
	Paused   bool      `json:",omitempty"`
	Note     string    `json:",omitempty"`
	Next     time.Time `json:",omitzero"`
	Last     time.Time `json:",omitzero"`
	Runs     int       `json:",omitempty"`
}

// ListSchedules returns the schedules of the namespace that start jobs.
func (c *Client) ListSchedules(ctx context.Context) ([]ScheduleInfo, error) {
	list, err := c.temporal.ScheduleClient().List(ctx, client.ScheduleListOptions{})
	if err != nil {
		return nil, temporalError(err)
	}
	var found []ScheduleInfo
	for list.HasNext() {
		e, err := list.Next()
		if err != nil {
			return nil, temporalError(err)
		}
		info := ScheduleInfo{Name: e.ID, Kind: e.WorkflowType.Name, Paused: e.Paused, Note: e.Note, Cron: cronOf(e.Memo)}
		if len(e.NextActionTimes) > 0 {
			info.Next = e.NextActionTimes[0]
		}
		if n := len(e.RecentActions); n > 0 {
			info.Last = e.RecentActions[n-1].ActualTime
		}
		if e.Spec != nil {
			info.TimeZone = e.Spec.TimeZoneName
		}
		found = append(found, info)
	}
	return found, nil
}

// DescribeSchedule returns one schedule.
func (c *Client) DescribeSchedule(ctx context.Context, name string) (ScheduleInfo, error) {
	d, err := c.temporal.ScheduleClient().GetHandle(ctx, name).Describe(ctx)
	if err != nil {
		return ScheduleInfo{}, scheduleError(name, err)
	}
	info := ScheduleInfo{Name: name, Paused: d.Schedule.State.Paused, Note: d.Schedule.State.Note, Runs: d.Info.NumActions, Cron: cronOf(d.Memo)}
	if a, ok := d.Schedule.Action.(*client.ScheduleWorkflowAction); ok {
		info.Kind, _ = a.Workflow.(string)
	}
	info.TimeZone = d.Schedule.Spec.TimeZoneName
	if len(d.Info.NextActionTimes) > 0 {
		info.Next = d.Info.NextActionTimes[0]
	}
	if n := len(d.Info.RecentActions); n > 0 {
		info.Last = d.Info.RecentActions[n-1].ActualTime
	}
	return info, nil
}

// TriggerSchedule starts a run now.
func (c *Client) TriggerSchedule(ctx context.Context, name string) error {
	return scheduleError(name, c.temporal.ScheduleClient().GetHandle(ctx, name).Trigger(ctx, client.ScheduleTriggerOptions{
		Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_ALLOW_ALL,
	}))
}

// BackfillSchedule starts the runs of a past span of time, as if it were those times.
func (c *Client) BackfillSchedule(ctx context.Context, name string, from, to time.Time) error {
	return scheduleError(name, c.temporal.ScheduleClient().GetHandle(ctx, name).Backfill(ctx, client.ScheduleBackfillOptions{
		Backfill: []client.ScheduleBackfill{{Start: from, End: to, Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_ALLOW_ALL}},
	}))
}

// PauseSchedule switches a schedule off.
func (c *Client) PauseSchedule(ctx context.Context, name, note string) error {
	return scheduleError(name, c.temporal.ScheduleClient().GetHandle(ctx, name).Pause(ctx, client.SchedulePauseOptions{Note: note}))
}

// ResumeSchedule switches a paused schedule on again.
func (c *Client) ResumeSchedule(ctx context.Context, name, note string) error {
	return scheduleError(name, c.temporal.ScheduleClient().GetHandle(ctx, name).Unpause(ctx, client.ScheduleUnpauseOptions{Note: note}))
}

// DeleteSchedule removes a schedule; jobs it started go on.
func (c *Client) DeleteSchedule(ctx context.Context, name string) error {
	return scheduleError(name, c.temporal.ScheduleClient().GetHandle(ctx, name).Delete(ctx))
}

func scheduleError(name string, err error) error {
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		return fmt.Errorf("%w: %s", ErrNoSchedule, name)
	}
	return temporalError(err)
}

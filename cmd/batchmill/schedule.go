package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/jobs"
)

func (a *app) scheduleCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "schedule",
		Short: "Start a job again and again",
		Long: `Creates, lists and changes Temporal schedules that start jobs. The document's placeholders give each
run a name, and if wanted an output path, of its own:

  {{.ScheduledTime}}                    2026-11-23T06-00-00Z
  {{.ScheduledDate}}                    2026-11-23
  {{.ISOWeek}}                          2026-W48
  {{.ScheduledTime.Format "20060102"}}  any layout of Go's time package`,
		Example: "  batchmill schedule create weekly-score score.json --cron \"0 6 * * MON\" --time-zone Europe/Berlin\n  batchmill schedule list",
	}
	c.AddCommand(a.scheduleCreateCommand(), a.scheduleListCommand(), a.scheduleDescribeCommand(), a.scheduleTriggerCommand(),
		a.scheduleBackfillCommand(), a.schedulePauseCommand(), a.scheduleResumeCommand(), a.scheduleDeleteCommand())
	return c
}

// withClient connects and calls f.
func (a *app) withClient(ctx context.Context, f func(context.Context, *client.Client) error) error {
	c, err := dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	return f(ctx, c)
}

func (a *app) scheduleCreateCommand() *cobra.Command {
	s := &client.Schedule{}
	var calendars []string
	c := &cobra.Command{
		Use:   "create NAME FILE",
		Short: "Create a schedule",
		Long: `Creates a schedule NAME that starts the job of the document FILE (JSON or YAML, "-" means standard
input; its kind shows by its name member). When: --cron and --calendar, each any number of times.

A calendar is a list of FIELD=RANGES, fields being second, minute, hour (0 where not given), day, month,
year and weekday (any where not given); ranges are 5, 1-5, 0-23/6, MON-FRI, JAN,JUL.`,
		Example: `  batchmill schedule create weekly-score score.json --cron "0 6 * * MON" --time-zone Europe/Berlin
  batchmill schedule create month-end score.yaml --calendar "day=1 hour=3 minute=30" --overlap BufferOne
  batchmill schedule create nightly train.json --cron "@daily" --catch-up 24h --jitter 10m --paused`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			for _, text := range calendars {
				spec, err := parseCalendar(text)
				if err != nil {
					return err
				}
				s.Calendar = append(s.Calendar, spec)
			}
			return a.createSchedule(c.Context(), *s, args[0], args[1])
		},
	}
	f := c.Flags()
	f.StringArrayVar(&s.Cron, "cron", nil, `cron expression, "MINUTE HOUR DAY MONTH WEEKDAY" or @daily and the like`)
	f.StringArrayVar(&calendars, "calendar", nil, `calendar, for example "weekday=MON hour=6"`)
	f.StringVar(&s.TimeZone, "time-zone", "UTC", "IANA name of the time zone")
	f.StringVar(&s.Overlap, "overlap", "Skip", "while the last run is on: Skip, BufferOne, BufferAll, CancelOther, TerminateOther or AllowAll")
	f.DurationVar(&s.CatchUp, "catch-up", 0, "how long a missed start is made up for (default one year)")
	f.DurationVar(&s.Jitter, "jitter", 0, "spread starts at random over this time")
	f.BoolVar(&s.Paused, "paused", false, "create it paused")
	f.StringVar(&s.Note, "note", "", "note shown with the schedule")
	return c
}

func (a *app) createSchedule(ctx context.Context, s client.Schedule, name, file string) error {
	if len(s.Cron)+len(s.Calendar) == 0 {
		return usagef("say when: --cron or --calendar")
	}
	if _, err := time.LoadLocation(s.TimeZone); err != nil {
		return usagef("--time-zone %s: no such time zone", s.TimeZone)
	}
	doc, err := a.readFile(file)
	if err != nil {
		return err
	}
	s.Name, s.Document = name, doc
	text, err := jobs.Normalize(doc)
	if err != nil {
		return err
	}
	if s.Kind, err = kindOf(text); err != nil {
		return err
	}
	return a.withClient(ctx, func(ctx context.Context, c *client.Client) error {
		if err := c.CreateSchedule(ctx, s); err != nil {
			return err
		}
		info, err := c.DescribeSchedule(ctx, name)
		if err != nil {
			return err
		}
		printf(a.out, "created schedule %s", name)
		if !info.Next.IsZero() && !info.Paused {
			printf(a.out, ", next run %s", info.Next.Local().Format("Mon 2006-01-02 15:04:05 MST"))
		}
		printf(a.out, "\n")
		return nil
	})
}

func (a *app) scheduleListCommand() *cobra.Command {
	var o outputFlag
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the schedules",
		Long:    "Lists the schedules of the namespace with their next and last start.",
		Example: "  batchmill schedule list",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withClient(c.Context(), func(ctx context.Context, c *client.Client) error {
				found, err := c.ListSchedules(ctx)
				if err != nil {
					return err
				}
				if o.json {
					if found == nil {
						found = []client.ScheduleInfo{}
					}
					return printJSON(a.out, found)
				}
				var rows [][]string
				for _, s := range found {
					rows = append(rows, []string{s.Name, s.Kind, scheduleState(s), clock(s.Next), clock(s.Last)})
				}
				printTable(a.out, []string{"NAME", "STARTS", "STATE", "NEXT", "LAST"}, rows)
				return nil
			})
		},
	}
	c.Flags().VarP(&o, "output", "o", "form of the result")
	return c
}

func scheduleState(s client.ScheduleInfo) string {
	if s.Paused {
		return "paused"
	}
	return "running"
}

func (a *app) scheduleDescribeCommand() *cobra.Command {
	var o outputFlag
	c := &cobra.Command{
		Use:     "describe NAME",
		Short:   "Show a schedule",
		Long:    "Shows a schedule: what it starts, when, and how often it has.",
		Example: "  batchmill schedule describe weekly-score",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withClient(c.Context(), func(ctx context.Context, c *client.Client) error {
				s, err := c.DescribeSchedule(ctx, args[0])
				if err != nil {
					return err
				}
				if o.json {
					return printJSON(a.out, s)
				}
				printPairs(a.out,
					[2]string{"Schedule", s.Name}, [2]string{"Starts", s.Kind}, [2]string{"State", scheduleState(s)},
					[2]string{"Cron", strings.Join(s.Cron, "; ")}, [2]string{"Time zone", s.TimeZone}, [2]string{"Note", s.Note},
					[2]string{"Next", clock(s.Next)}, [2]string{"Last", clock(s.Last)}, [2]string{"Runs", count(int64(s.Runs))})
				return nil
			})
		},
	}
	c.Flags().VarP(&o, "output", "o", "form of the result")
	return c
}

// scheduleAction makes a verb that does one thing to one schedule.
func (a *app) scheduleAction(verb, short, long, done string, do func(context.Context, *client.Client, string) error) *cobra.Command {
	return &cobra.Command{
		Use:     verb + " NAME",
		Short:   short,
		Long:    long,
		Example: "  batchmill schedule " + verb + " weekly-score",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withClient(c.Context(), func(ctx context.Context, c *client.Client) error {
				if err := do(ctx, c, args[0]); err != nil {
					return err
				}
				printf(a.out, "%s schedule %s\n", done, args[0])
				return nil
			})
		},
	}
}

func (a *app) scheduleTriggerCommand() *cobra.Command {
	return a.scheduleAction("trigger", "Start a run now", "Starts a run of the schedule now, whatever its times and also if it is paused.", "triggered",
		func(ctx context.Context, c *client.Client, name string) error { return c.TriggerSchedule(ctx, name) })
}

func (a *app) schedulePauseCommand() *cobra.Command {
	note := ""
	c := a.scheduleAction("pause", "Switch a schedule off", "Switches a schedule off. Runs that are on go on.", "paused",
		func(ctx context.Context, c *client.Client, name string) error {
			return c.PauseSchedule(ctx, name, note)
		})
	c.Flags().StringVar(&note, "note", "", "why, shown with the schedule")
	return c
}

func (a *app) scheduleResumeCommand() *cobra.Command {
	note := ""
	c := a.scheduleAction("resume", "Switch a paused schedule on", "Switches a paused schedule on again. Starts missed meanwhile are not made up for.", "resumed",
		func(ctx context.Context, c *client.Client, name string) error {
			return c.ResumeSchedule(ctx, name, note)
		})
	c.Flags().StringVar(&note, "note", "", "why, shown with the schedule")
	return c
}

func (a *app) scheduleDeleteCommand() *cobra.Command {
	return a.scheduleAction("delete", "Remove a schedule", "Removes a schedule. Jobs that it started go on.", "deleted",
		func(ctx context.Context, c *client.Client, name string) error { return c.DeleteSchedule(ctx, name) })
}

func (a *app) scheduleBackfillCommand() *cobra.Command {
	var from, to string
	c := a.scheduleAction("backfill", "Start the runs of a past span of time",
		"Starts the runs that the schedule would have started between two times (RFC 3339 or a date), as if it were those times.", "backfilled",
		func(ctx context.Context, c *client.Client, name string) error {
			start, err := parseMoment(from)
			if err != nil {
				return err
			}
			end, err := parseMoment(to)
			if err != nil {
				return err
			}
			return c.BackfillSchedule(ctx, name, start, end)
		})
	c.Example = "  batchmill schedule backfill weekly-score --from 2026-10-01 --to 2026-11-01"
	c.Flags().StringVar(&from, "from", "", "start of the span")
	c.Flags().StringVar(&to, "to", "", "end of the span")
	_ = c.MarkFlagRequired("from")
	_ = c.MarkFlagRequired("to")
	return c
}

// parseMoment reads a time, or a date as its first moment in UTC.
func parseMoment(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usagef("%q is neither a date such as 2026-11-21 nor a time such as 2026-11-21T06:00:00Z", s)
}

package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/batchmill/batchmill/jobs"
)

func (a *app) modelCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "model",
		Short:   "Register models and look at them",
		Long:    "Registers trained artifacts under names that transform jobs use, lists, shows and forgets them.",
		Example: "  batchmill model create model.json\n  batchmill model create --name churn --from-training churn-1\n  batchmill model list",
	}
	c.AddCommand(a.modelCreateCommand(), a.modelListCommand(), a.modelDescribeCommand(), a.modelDeleteCommand())
	return c
}

func (a *app) modelCreateCommand() *cobra.Command {
	var o outputFlag
	var name, training string
	c := &cobra.Command{
		Use:   "create [FILE]",
		Short: "Register a model",
		Long: `Registers a model from a document as SageMaker's CreateModel takes it (JSON or YAML, "-" means standard
input), or, with --from-training, the artifact of a completed training job.`,
		Example: "  batchmill model create model.json\n  batchmill model create --name churn --from-training churn-1",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if (len(args) == 1) == (training != "") {
				return usagef("give either FILE or --from-training")
			}
			if training != "" && name == "" {
				name = training
			}
			file := ""
			if len(args) == 1 {
				file = args[0]
			}
			return a.createModel(c.Context(), file, training, name, o)
		},
	}
	c.Flags().StringVar(&name, "name", "", "name of the model, instead of the document's or the training job's")
	c.Flags().StringVar(&training, "from-training", "", "training job whose artifact is registered")
	c.Flags().VarP(&o, "output", "o", "form of the result")
	return c
}

func (a *app) createModel(ctx context.Context, file, training, name string, o outputFlag) error {
	var doc []byte
	var err error
	if file != "" {
		if doc, err = a.readFile(file); err != nil {
			return err
		}
		if doc, err = rename(doc, "ModelName", name); err != nil {
			return err
		}
	}
	c, err := dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if training != "" {
		d, err := c.Job(jobs.TrainingKind, training).Describe(ctx)
		if err != nil {
			return err
		}
		if doc, err = trainedModel(d, name); err != nil {
			return err
		}
	}
	d, err := c.CreateModel(ctx, doc)
	if err != nil {
		return err
	}
	if o.json {
		return printJSON(a.out, d)
	}
	printf(a.out, "registered model %s\n", d.ModelName)
	return nil
}

func (a *app) modelListCommand() *cobra.Command {
	var o outputFlag
	contains := ""
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the registered models, newest first",
		Long:    "Lists the registered models, newest first.",
		Example: "  batchmill model list --name-contains churn",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.listModels(c.Context(), contains, o) },
	}
	c.Flags().StringVar(&contains, "name-contains", "", "only names that contain this")
	c.Flags().VarP(&o, "output", "o", "form of the result")
	return c
}

func (a *app) listModels(ctx context.Context, contains string, o outputFlag) error {
	c, err := dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	found, err := c.ListModels(ctx, contains)
	if err != nil {
		return err
	}
	if o.json {
		if found == nil {
			found = []jobs.ModelSummary{}
		}
		return printJSON(a.out, found)
	}
	var rows [][]string
	for _, m := range found {
		rows = append(rows, []string{m.ModelName, clock(m.CreationTime.Time), m.ModelArn})
	}
	printTable(a.out, []string{"NAME", "CREATED", "ARN"}, rows)
	return nil
}

func (a *app) modelDescribeCommand() *cobra.Command {
	var o outputFlag
	c := &cobra.Command{
		Use:     "describe NAME",
		Short:   "Show a registered model",
		Long:    "Shows a registered model: its algorithm and where its artifact lies.",
		Example: "  batchmill model describe churn",
		Args:    cobra.ExactArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return a.describeModel(c.Context(), args[0], o) },
	}
	c.Flags().VarP(&o, "output", "o", "form of the result")
	return c
}

func (a *app) describeModel(ctx context.Context, name string, o outputFlag) error {
	c, err := dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	d, err := c.DescribeModel(ctx, name)
	if err != nil {
		return err
	}
	if o.json {
		return printJSON(a.out, d)
	}
	pairs := [][2]string{{"Model", d.ModelName}, {"Created", clock(d.CreationTime.Time)}, {"ARN", d.ModelArn}}
	containers := d.Containers
	if d.PrimaryContainer != nil {
		containers = []jobs.ContainerDefinition{*d.PrimaryContainer}
	}
	for _, c := range containers {
		pairs = append(pairs, [2]string{"Algorithm", jobs.ImageAlgorithm(c.Image)}, [2]string{"Artifact", c.ModelDataUrl})
	}
	printPairs(a.out, pairs...)
	return nil
}

func (a *app) modelDeleteCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "delete NAME",
		Short:   "Forget a registered model; its artifact stays",
		Long:    "Forgets a registered model. Its artifact stays where it is.",
		Example: "  batchmill model delete churn",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			client, err := dial(c.Context())
			if err != nil {
				return err
			}
			defer client.Close()
			if err := client.DeleteModel(c.Context(), args[0]); err != nil {
				return err
			}
			printf(a.out, "deleted model %s\n", args[0])
			return nil
		},
	}
}

package xgboost

import "github.com/batchmill/batchmill/algorithms"

// declaration is a hyperparameter whose marks are added one by one, so that the table reads as a table.
type declaration algorithms.HyperParameter

func declare(ds ...declaration) algorithms.HyperParameters {
	ps := make(algorithms.HyperParameters, len(ds))
	for i, d := range ds {
		ps[i] = algorithms.HyperParameter(d)
	}
	return ps
}

func integer(name, def string, in algorithms.Interval, description string) declaration {
	return declaration{Name: name, Type: algorithms.Integer, Default: def, Range: in, Description: description}
}

func number(name, def string, in algorithms.Interval, description string) declaration {
	return declaration{Name: name, Type: algorithms.Continuous, Default: def, Range: in, Description: description}
}

func category(name, def, description string, values ...string) declaration {
	return declaration{Name: name, Type: algorithms.Categorical, Default: def, Values: values, Description: description}
}

func text(name, def, description string) declaration {
	return declaration{Name: name, Type: algorithms.FreeText, Default: def, Description: description}
}

func (d declaration) required() declaration { d.Required = true; return d }

func (d declaration) alias(names ...string) declaration { d.Aliases = names; return d }

func (d declaration) tunable(min, max float64) declaration {
	d.Tunable = &algorithms.Range{Min: min, Max: max, Scale: algorithms.Linear}
	return d
}

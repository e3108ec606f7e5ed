package dataset

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Roles says which part each column plays.
type Roles struct {
	Label    []string // label columns in the order asked for; empty: none
	Weight   string   // instance weight column, or ""
	Group    string   // column of queries, or ""
	Features []string // feature columns in the schema's order
	Named    bool     // the names are the user's own
}

// Roles assigns the columns of a schema their parts. Where the media says nothing about labels, the first column that is
// neither weight nor ignored is the label in training (SageMaker's rule), and there is none otherwise. libsvm data carries its
// label, weight and query columns itself, and RecordIO its label. A column that is asked for and not there is a *SchemaError.
func (m Media) Roles(schema *Schema, training bool) (Roles, error) {
	r := Roles{Named: Named(schema)}
	taken := map[string]bool{}
	take := func(what, name string) (string, error) {
		i, err := resolveColumn(schema, what, name)
		if err != nil {
			return "", err
		}
		found := schema.Field(i).Name
		if taken[found] {
			return "", &SchemaError{Column: found, Reason: "is given two parts in the content type"}
		}
		taken[found] = true
		return found, nil
	}
	if m.Weight != "" {
		w, err := take("weight", m.Weight)
		if err != nil {
			return Roles{}, err
		}
		r.Weight = w
	}
	if m.Group != "" {
		g, err := take("group", m.Group)
		if err != nil {
			return Roles{}, err
		}
		r.Group = g
	}
	for _, name := range m.Ignore {
		if _, err := take("ignored", name); err != nil {
			return Roles{}, err
		}
	}
	for _, name := range m.Label {
		l, err := take("label", name)
		if err != nil {
			return Roles{}, err
		}
		r.Label = append(r.Label, l)
	}
	if ownLabel(schema) {
		return m.ownRoles(schema, r, taken, training), nil
	}
	leading := 0
	switch {
	case len(m.Label) > 0:
	case m.LabelSize != nil:
		leading = *m.LabelSize
	case training:
		leading = 1
	}
	for _, f := range schema.Fields() {
		switch {
		case taken[f.Name]:
		case len(r.Label) < leading:
			r.Label = append(r.Label, f.Name)
		default:
			r.Features = append(r.Features, f.Name)
		}
	}
	if len(m.Label) == 0 && len(r.Label) < leading {
		return Roles{}, &SchemaError{Reason: fmt.Sprintf("label_size=%d, but there are only %d columns: %s", leading, schema.NumFields(), listColumns(schema))}
	}
	return r, nil
}

// ownRoles assigns the columns of rows that carry their label apart: it is never a feature.
func (m Media) ownRoles(schema *Schema, r Roles, taken map[string]bool, training bool) Roles {
	labels := max(1, recordLabels(schema)) // of libsvm one, whether it is there or not
	if len(r.Label) == 0 && training && (m.LabelSize == nil || *m.LabelSize > 0) {
		r.Label = labelNames(labels)
	}
	if Sparse(schema) {
		if r.Weight == "" && columnIndex(schema, weightCol) >= 0 {
			r.Weight = weightCol
		}
		r.Features = []string{sparseIndexCol, sparseValueCol}
		return r
	}
	for i, f := range schema.Fields() {
		if i >= recordLabels(schema) && !taken[f.Name] {
			r.Features = append(r.Features, f.Name)
		}
	}
	return r
}

// labelNames are the columns of a label of count values.
func labelNames(count int) []string {
	names := []string{labelCol}
	for i := 1; i < count; i++ {
		names = append(names, labelCol+itoa(i))
	}
	return names
}

// resolveColumn finds a column by its name or, where names are made up, by its position from 1.
func resolveColumn(schema *Schema, what, name string) (int, error) {
	if i := columnIndex(schema, name); i >= 0 {
		return i, nil
	}
	if !Named(schema) {
		if n, err := strconv.Atoi(name); err == nil && n >= 1 && n <= schema.NumFields() {
			return n - 1, nil
		}
		return 0, &SchemaError{Column: name, Reason: fmt.Sprintf(
			"the %s column is not there: the data has no column names, so give a position from 1 to %d, or header=present if the first line holds names", what, schema.NumFields())}
	}
	return 0, &SchemaError{Column: name, Reason: fmt.Sprintf("the %s column is not there; there are %s", what, listColumns(schema))}
}

// listColumns names a schema's columns for a message, at most 40 of them.
func listColumns(schema *Schema) string { return listNames(ColumnNames(schema)) }

func listNames(names []string) string {
	if len(names) > 40 {
		more := len(names) - 40
		names = append(slices.Clone(names[:40]), fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

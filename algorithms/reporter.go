package algorithms

// Reporter is an algorithm that tells which metrics it reports, so that a tuning job whose objective nothing will report is
// refused before it starts.
type Reporter interface {
	// Reports tells whether some training of the algorithm reports a metric of that name, e.g. "validation:rmse".
	Reports(metric string) bool
	// MetricPatterns are the metrics that SageMaker lists for the algorithm, and that metric besides, each with the regular
	// expression that finds it in the log.
	MetricPatterns(metric string) map[string]string
}

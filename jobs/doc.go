// Package jobs holds the job documents: split, training and transform jobs and models, in the request documents of Amazon
// SageMaker (SplitJob is Batchmill's own, in the same style). It reads them from JSON or YAML, checks every constraint,
// fills in defaults, and knows the statuses, descriptions, error texts and names that go with them.
//
// "Contract" in the comments is the project's SageMaker contract, by section number.
//
// The package does no I/O and knows neither Temporal nor the store nor any algorithm: everything here is a pure function of
// its arguments, so workflow code may call all of it.
package jobs

package jobs

// maxTransformMB bounds what a transform job holds in flight: MaxPayloadInMB, and that times MaxConcurrentTransforms.
const maxTransformMB = 100

func (j *TransformJob) crossCheck(r *report) {
	j.checkPayload(r)
	if t := j.TransformInput.DataSource.S3DataSource.S3DataType; t == "AugmentedManifestFile" || t == "Converse" {
		r.add("transformInput.dataSource.s3DataSource.s3DataType", t, "Member must be ManifestFile or S3Prefix in a transform job")
	}
	if s := j.TransformInput.SplitType; j.BatchStrategy != "" && (s == "" || s == "None") && !r.has("batchStrategy") && !r.has("transformInput") {
		r.add("batchStrategy", j.BatchStrategy, "Member must be absent unless SplitType is Line, RecordIO or TFRecord")
	}
	if uri, both := j.Environment[modelSetting]; both && IsURI(j.ModelName) {
		r.add("environment."+modelSetting, uri, "Member must be absent where ModelName is a URI")
	}
	checkSettings(r, TransformKind, j.Environment)
}

func (j *TransformJob) checkPayload(r *report) {
	if j.MaxPayloadInMB == nil {
		return
	}
	payload := *j.MaxPayloadInMB
	if payload > maxTransformMB {
		r.add("maxPayloadInMB", payload, "Member must have value less than or equal to %d", maxTransformMB)
		return
	}
	if n := j.MaxConcurrentTransforms; n != nil && payload > 0 && *n > maxTransformMB/payload {
		r.add("maxConcurrentTransforms", *n, "Member must have a product with MaxPayloadInMB, which is %d, of at most %d",
			payload, maxTransformMB)
	}
}

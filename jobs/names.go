package jobs

import "strings"

// ModelResource is a model's resource type in ARNs, as a Kind's IDPrefix is a job's.
const ModelResource = "model"

// What ARNs say where nothing else is set.
const (
	DefaultRegion  = "us-east-1"
	DefaultAccount = "000000000000"
)

// ARN is the name that clients know a resource by (contract 1.9). resource is a Kind's IDPrefix or ModelResource.
func ARN(resource, region, account, name string) string {
	return "arn:aws:sagemaker:" + region + ":" + account + ":" + resource + "/" + name
}

// SiblingARN is the ARN of a job of that kind, in the region and account of another resource's ARN.
func SiblingARN(arn string, kind Kind, name string) string {
	fields := strings.SplitN(arn, ":", 6) // the sixth is type/name
	if len(fields) < 6 {
		return ""
	}
	return ARN(kind.IDPrefix, fields[3], fields[4], name)
}

// IsURI tells a model's URI from the name of a registered one.
func IsURI(model string) bool { return strings.HasPrefix(model, "s3://") }

// AlgorithmName is the name of the algorithm that the document asks for: AlgorithmName, or the repository part of
// TrainingImage.
func AlgorithmName(spec AlgorithmSpecification) string {
	if spec.TrainingImage != "" {
		return ImageAlgorithm(spec.TrainingImage)
	}
	return ImageAlgorithm(spec.AlgorithmName) // the last element of an ARN is its name
}

// ImageAlgorithm is the name of the algorithm that an image holds: its last path element before ":" or "@", whatever its
// registry, account and region (contract 10). "sagemaker-xgboost" is the newer name of "xgboost".
func ImageAlgorithm(image string) string {
	name := image[strings.LastIndexByte(image, '/')+1:]
	if i := strings.IndexAny(name, ":@"); i >= 0 {
		name = name[:i]
	}
	if name == "sagemaker-xgboost" {
		return "xgboost"
	}
	return name
}

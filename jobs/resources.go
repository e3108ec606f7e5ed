package jobs

// ResourceConfig sizes the machines. Either InstanceType and InstanceCount, or InstanceGroups.
type ResourceConfig struct {
	InstanceType             string                   `json:",omitempty"`
	InstanceCount            int                      `json:",omitempty" check:"range=0.."`
	VolumeSizeInGB           int                      `json:",omitempty" check:"range=0.."`
	VolumeKmsKeyId           string                   `json:",omitempty" check:"len=..2048 pat=KMS"`
	KeepAlivePeriodInSeconds int                      `json:",omitempty" check:"range=..21600"`
	InstanceGroups           []InstanceGroup          `json:",omitempty" check:"items=..5"`
	TrainingPlanArn          string                   `json:",omitempty" check:"len=50..2048 pat=ARN"`
	InstancePlacementConfig  *InstancePlacementConfig `json:",omitempty"`
}

// InstanceGroup is one group of a heterogeneous cluster.
type InstanceGroup struct {
	InstanceType      string `json:",omitempty" check:"required"`
	InstanceCount     int    `json:"InstanceCount" check:"required range=0.."`
	InstanceGroupName string `json:",omitempty" check:"required len=1..64"`
}

// InstancePlacementConfig places instances on servers. Accepted and echoed.
type InstancePlacementConfig struct {
	EnableMultipleJobs      *bool                    `json:",omitempty"`
	PlacementSpecifications []PlacementSpecification `json:",omitempty" check:"items=..10"`
}

// PlacementSpecification is one server's share of the instances.
type PlacementSpecification struct {
	UltraServerId string `json:",omitempty" check:"len=..256"`
	InstanceCount int    `json:"InstanceCount" check:"required range=0.."`
}

// VpcConfig names network resources. Accepted and echoed.
type VpcConfig struct {
	SecurityGroupIds []string `json:",omitempty" check:"required items=1..5 each.len=..32 each.pat=ID"`
	Subnets          []string `json:",omitempty" check:"required items=1..16 each.len=..32 each.pat=ID"`
}

// Tag is a label of a resource.
type Tag struct {
	Key   string `json:",omitempty" check:"required len=1..128 pat=TAGTXT"`
	Value string `json:"Value" check:"required len=..256 pat=TAGTXT"`
}

package jobs

// Channel is one named input.
type Channel struct {
	ChannelName       string         `json:",omitempty" check:"required len=1..64 pat=CHANNEL"`
	DataSource        DataSource     `json:",omitzero" check:"required"`
	ContentType       string         `json:",omitempty" check:"len=..256"`
	CompressionType   string         `json:",omitempty" check:"enum=None|Gzip"`
	RecordWrapperType string         `json:",omitempty" check:"enum=None|RecordIO"`
	InputMode         string         `json:",omitempty" check:"enum=Pipe|File|FastFile"`
	ShuffleConfig     *ShuffleConfig `json:",omitempty"`
}

// DataSource says where a channel lies: exactly one of its members is set.
type DataSource struct {
	S3DataSource         *S3DataSource         `json:",omitempty"`
	FileSystemDataSource *FileSystemDataSource `json:",omitempty"`
	DatasetSource        *DatasetSource        `json:",omitempty"`
}

// S3DataSource is a set of objects: a key prefix or a manifest of keys.
type S3DataSource struct {
	S3DataType             string             `json:",omitempty" check:"required enum=ManifestFile|S3Prefix|AugmentedManifestFile|Converse"`
	S3Uri                  string             `json:",omitempty" check:"required len=..1024 pat=S3URI"`
	S3DataDistributionType string             `json:",omitempty" check:"enum=FullyReplicated|ShardedByS3Key"`
	AttributeNames         []string           `json:",omitempty" check:"items=..16 each.len=1..256"`
	InstanceGroupNames     []string           `json:",omitempty" check:"items=..5 each.len=1..64"`
	ModelAccessConfig      *ModelAccessConfig `json:",omitempty"`
	HubAccessConfig        *HubAccessConfig   `json:",omitempty"`
}

// ModelAccessConfig accepts a model's licence.
type ModelAccessConfig struct {
	AcceptEula bool `json:"AcceptEula" check:"required"`
}

// HubAccessConfig names hub content.
type HubAccessConfig struct {
	HubContentArn string `json:",omitempty" check:"required len=..255"`
}

// FileSystemDataSource is a directory of a mounted file system.
type FileSystemDataSource struct {
	FileSystemId         string `json:",omitempty" check:"required len=11..21 pat=FSID"`
	FileSystemAccessMode string `json:",omitempty" check:"required enum=rw|ro"`
	FileSystemType       string `json:",omitempty" check:"required enum=EFS|FSxLustre"`
	DirectoryPath        string `json:",omitempty" check:"required len=..4096"`
}

// DatasetSource names a data set resource.
type DatasetSource struct {
	DatasetArn string `json:",omitempty" check:"required len=..2048 pat=ARN"`
}

// ShuffleConfig shuffles the order of a channel's objects.
type ShuffleConfig struct {
	Seed int64 `json:"Seed" check:"required"`
}

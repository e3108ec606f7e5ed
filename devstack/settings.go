package devstack

// temporalSettings is what the Temporal child is told.
type temporalSettings struct {
	Dir              string // of the database
	Host             string
	Port, UIPort     int
	Namespace        string
	SearchAttributes []string // all Keyword
}

// S3Config says where an S3 server keeps its objects and listens.
type S3Config struct {
	// Dir holds one folder per bucket. Its file system must have extended attributes (ext4, xfs, btrfs, APFS, tmpfs do).
	Dir string
	// Host is the IP address to listen on, Port the port.
	Host string
	Port int
	// Credentials is the key pair that clients sign with.
	Credentials Credentials
	// Region is the region that clients sign for; empty means us-east-1.
	Region string
}

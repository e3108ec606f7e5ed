package jobs

// SplitJob asks for the rows of one input channel to be divided into named sides. It is Batchmill's own document, in the
// style of the contract's.
type SplitJob struct {
	SplitJobName     string            `json:",omitempty" check:"required len=1..63 pat=NAME63"`
	RoleArn          string            `json:",omitempty" check:"len=20..2048 pat=ROLE"`
	InputDataConfig  []Channel         `json:",omitempty" check:"required items=1..1"`
	SplitStrategy    SplitStrategy     `json:",omitzero" check:"required"`
	Outputs          []SplitOutput     `json:",omitempty" check:"items=1..20"`
	OutputDataConfig SplitOutputConfig `json:",omitzero" check:"required"`
	Environment      map[string]string `json:",omitempty" check:"items=..100 key.len=..512 key.pat=ENVKEY each.len=..512"`
	Tags             []Tag             `json:",omitempty" check:"items=..50"`
}

// The types of a split.
const (
	SplitRandom     = "Random"     // each row by its own random number
	SplitStratified = "Stratified" // the same fractions within each value of Column
	SplitGroup      = "Group"      // rows of one value of Column stay together
	SplitTime       = "Time"       // in the order of Column: the earliest rows go to the first output
	SplitKFold      = "KFold"      // Folds parts of equal size, instead of Outputs
)

// SplitStrategy says which side a row goes to.
type SplitStrategy struct {
	Type   string `json:",omitempty" check:"required enum=Random|Stratified|Group|Time|KFold"`
	Column string `json:",omitempty" check:"len=..1024"`   // Stratified, Group and Time
	Folds  int    `json:",omitempty" check:"range=2..100"` // KFold
	Seed   int64  `json:",omitempty"`
}

// SplitOutput is one side of a split.
type SplitOutput struct {
	ChannelName string  `json:",omitempty" check:"required len=1..64 pat=CHANNEL"`
	Fraction    float64 `json:",omitempty" check:"required range=..1"` // of the rows, above 0
}

// SplitOutputConfig says where the sides go and in which format.
type SplitOutputConfig struct {
	S3OutputPath string  `json:",omitempty" check:"required len=..1024 pat=S3URI"`
	ContentType  string  `json:",omitempty" check:"len=..256 pat=SPLITOUT"` // default application/x-parquet
	KmsKeyId     *string `json:",omitempty" check:"len=..2048 pat=KMS"`
}

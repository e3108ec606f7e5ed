package tables

import (
	"context"
	"path/filepath"
)

// Set is a table of the shared data folder.
type Set struct {
	Name    string
	Classes int // 0: a number is to be predicted; 1: yes or no; else one of so many classes
	path    string
	media   string // content type: which column is the label, which are left out
}

// NewSet describes a CSV file of the shared data folder: what is predicted (see Set), and the parameters of its content type.
func NewSet(name string, classes int, path, media string) Set { return Set{name, classes, path, media} }

// Load reads the set from the folder of the shared data sets.
func (s Set) Load(ctx context.Context, folder string) (*Table, error) {
	return read(ctx, filepath.Join(folder, filepath.FromSlash(s.path)), "text/csv;"+s.media)
}

// Metric is what the set's predictions are judged by.
func (s Set) Metric() Metric { return MetricFor(s.Classes) }

// The sets.
var (
	Higgs     = Set{"higgs", 1, "higgs_small/higgs_small.csv.gz", "header=present;label=label;ignore=source"}
	Covertype = Set{"covertype", 7, "covertype/covertype_train80.csv.gz", "header=present;label=Cover_Type;text=Cover_Type"}
	Adult     = Set{"adult", 1, "adult/adult_train80.csv.gz", "header=present;label=income;ignore=source_split"}
	Bank      = Set{"bank_marketing", 1, "bank_marketing/bank_additional_full.csv.gz", "header=present;label=y"}
	// Airlines is without what is known only once the flight has left or landed.
	Airlines = Set{"airlines_2k", 1, "airlines_2k/airlines_2k.csv.gz", "header=present;label=IsArrDelayed;ignore=IsDepDelayed+ArrDelay+DepDelay+" +
		"CarrierDelay+WeatherDelay+NASDelay+SecurityDelay+LateAircraftDelay+ArrTime+ActualElapsedTime+AirTime+DepTime+TailNum"}
	KDDCup     = Set{"kddcup99", 23, "kddcup99_10pct/kddcup.data_10_percent.gz", "label=42"}
	California = Set{"california_housing", 0, "california_housing/california_train80.csv", "header=present;label=median_house_value"}
	Diamonds   = Set{"diamonds", 0, "diamonds/diamonds.csv.gz", "header=present;label=price"}
	Credit     = Set{"credit_default", 1, "credit_default/credit_default.csv.gz", "header=present;label=default_next_month;ignore=id"}
	Elec2      = Set{"elec2", 1, "elec2/elec2.csv.gz", "header=present;label=class"}
	Abalone    = Set{"abalone", 0, "abalone/abalone.csv", "header=present;label=rings"}
	Wine       = Set{"wine_quality", 0, "wine_quality/wine_quality.csv", "header=present;label=quality"}
	Fraud      = Set{"creditcard_fraud", 1, "creditcard_fraud/creditcard_sample_train80.csv.gz", "header=present;label=Class"}
)

// All lists every set.
func All() []Set {
	return []Set{Higgs, Covertype, Adult, Bank, Airlines, KDDCup, California, Diamonds, Credit, Elec2, Abalone, Wine, Fraud}
}

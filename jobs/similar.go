package jobs

import "strings"

// similar returns the member whose spelling is nearest to name, empty where none is near.
func similar(name string, fields []field) string {
	best, distance := "", max(2, len(name)/4)+1
	for _, f := range fields {
		d := editDistance(strings.ToLower(name), strings.ToLower(f.name))
		if d < distance {
			best, distance = f.name, d
		}
	}
	return best
}

// editDistance is the number of bytes to insert, delete or replace to make b of a (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

package report

// canvas is a drawing: shapes in the order they are drawn. It is written as SVG, with colours that follow the page's, and as
// PNG, on white.
type canvas struct {
	width, height float64
	shapes        []shape
}

func newCanvas(width, height float64) *canvas { return &canvas{width: width, height: height} }

// shape is one stroke, area or text.
type shape struct {
	kind   kind
	look   string // one of looks
	points []place
	radius float64 // of a disc
	text   string  // a label's, or what is said of another shape where one points at it
	anchor string  // of a label: start, middle or end
	weight float64 // opacity of a stroke; 0 is the look's own
}

type kind int

const (
	stroke  kind = iota // a line through the points
	disc                // around the only point
	area                // the rectangle between two points
	label               // at the only point
	upright             // a label that is read from below
)

type place struct{ x, y float64 }

// look is how shapes of a class appear.
type look struct {
	fill, line string // one of colours; empty for none
	width      float64
	opacity    float64 // of the fill; 0 is opaque
}

// colours of a drawing that stands alone, by the names of the page's variables.
var colours = map[string]string{
	"ink": "#1f2933", "dim": "#616e7c", "line": "#c3ccd5", "grid": "#e6eaee", "dot": "#2b6cb0", "best": "#d9480f", "paper": "#ffffff",
}

// looks are the classes of shapes.
var looks = map[string]look{
	"text":  {fill: "ink"},
	"dim":   {fill: "dim"},
	"over":  {fill: "dim", line: "paper", width: 3}, // a label that other shapes run below
	"axis":  {line: "line", width: 1},
	"grid":  {line: "grid", width: 1},
	"dot":   {fill: "dot", opacity: 0.75},
	"early": {fill: "paper", line: "dot", width: 1.5},
	"best":  {fill: "best", line: "paper", width: 1.5},
	"line":  {line: "best", width: 2},
	"trace": {line: "dot", width: 1.3},
	"top":   {line: "best", width: 3},
	"bar":   {fill: "dot"},
	"bar2":  {fill: "dot", opacity: 0.35},
}

func (c *canvas) add(s shape) { c.shapes = append(c.shapes, s) }

func (c *canvas) line(class string, x1, y1, x2, y2 float64) {
	c.add(shape{kind: stroke, look: class, points: []place{{x1, y1}, {x2, y2}}})
}

// path draws a line through points, of an opacity; 0 is opaque.
func (c *canvas) path(class string, opacity float64, points []place, title string) {
	c.add(shape{kind: stroke, look: class, points: points, weight: opacity, text: title})
}

// text writes a label. anchor is start, middle or end.
func (c *canvas) text(class, anchor string, x, y float64, text string) {
	c.add(shape{kind: label, look: class, points: []place{{x, y}}, text: text, anchor: anchor})
}

// upright writes a label that is read from below.
func (c *canvas) upright(x, y float64, text string) {
	c.add(shape{kind: upright, look: "dim", points: []place{{x, y}}, text: text, anchor: "middle"})
}

func (c *canvas) dot(class string, x, y, r float64, title string) {
	c.add(shape{kind: disc, look: class, points: []place{{x, y}}, radius: r, text: title})
}

func (c *canvas) bar(class string, x, y, width, height float64, title string) {
	c.add(shape{kind: area, look: class, points: []place{{x, y}, {x + width, y + height}}, text: title})
}

// cutText bounds a label.
func cutText(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

package report

import (
	"fmt"
	"html/template"
	"strings"
)

// canvas collects an SVG drawing. Colours are CSS variables of the page, with values of their own for a file that stands
// alone, so that one drawing is readable on light and dark.
type canvas struct {
	width, height float64
	b             strings.Builder
}

func newCanvas(width, height float64) *canvas { return &canvas{width: width, height: height} }

// style is what a drawing looks like by itself; the page's own rules come after it and win.
const style = `text{font:12px system-ui,-apple-system,"Segoe UI",sans-serif;fill:var(--ink,#1f2933)}
.axis{stroke:var(--line,#c3ccd5);stroke-width:1;fill:none}.grid{stroke:var(--grid,#e6eaee);stroke-width:1}
.dim{fill:var(--dim,#616e7c)}.dot{fill:var(--dot,#2b6cb0);fill-opacity:.75}
.early{fill:var(--paper,#fff);stroke:var(--dot,#2b6cb0);stroke-width:1.5}
.best{fill:var(--best,#d9480f);stroke:var(--paper,#fff);stroke-width:1.5}.line{fill:none;stroke:var(--best,#d9480f);stroke-width:2}
.bar{fill:var(--dot,#2b6cb0)}.bar2{fill:var(--dot,#2b6cb0);fill-opacity:.35}`

func (c *canvas) add(format string, args ...any) { fmt.Fprintf(&c.b, format+"\n", args...) }

func (c *canvas) line(class string, x1, y1, x2, y2 float64) {
	c.add(`<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, class, x1, y1, x2, y2)
}

// text writes a label. anchor is start, middle or end.
func (c *canvas) text(class, anchor string, x, y float64, text string) {
	c.add(`<text class="%s" text-anchor="%s" x="%.1f" y="%.1f">%s</text>`, class, anchor, x, y, template.HTMLEscapeString(text))
}

// upright writes a label that is read from below.
func (c *canvas) upright(x, y float64, text string) {
	c.add(`<text class="dim" text-anchor="middle" transform="translate(%.1f %.1f) rotate(-90)">%s</text>`, x, y, template.HTMLEscapeString(text))
}

func (c *canvas) dot(class string, x, y, r float64, title string) {
	c.add(`<circle class="%s" cx="%.1f" cy="%.1f" r="%.1f"><title>%s</title></circle>`, class, x, y, r, template.HTMLEscapeString(title))
}

func (c *canvas) bar(class string, x, y, width, height float64, title string) {
	c.add(`<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="2"><title>%s</title></rect>`, class, x, y, width, height, template.HTMLEscapeString(title))
}

// svg is the whole drawing. Everything in it was written or escaped here.
func (c *canvas) svg() template.HTML {
	return template.HTML(fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img"><style>%s</style>`+"\n%s</svg>",
		c.width, c.height, c.width, c.height, style, c.b.String())) //nolint:gosec
}

// cutText bounds a label.
func cutText(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

package report

import (
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"
)

// style is what the classes look like. Colours are variables of the page, with values of their own for a file that stands
// alone, so that one drawing is readable on light and dark.
var style = func() string {
	var b strings.Builder
	b.WriteString(`text{font:12px system-ui,-apple-system,"Segoe UI",sans-serif}`)
	for _, class := range slices.Sorted(maps.Keys(looks)) {
		l := looks[class]
		fmt.Fprintf(&b, ".%s{fill:%s", class, variable(l.fill))
		if l.line != "" {
			fmt.Fprintf(&b, ";stroke:%s;stroke-width:%gpx", variable(l.line), l.width)
		}
		if l.opacity > 0 {
			fmt.Fprintf(&b, ";fill-opacity:%g", l.opacity)
		}
		b.WriteString("}")
	}
	b.WriteString("text{paint-order:stroke}")
	return b.String()
}()

func variable(colour string) string {
	if colour == "" {
		return "none"
	}
	return fmt.Sprintf("var(--%s,%s)", colour, colours[colour])
}

// svg is the whole drawing. Everything in it was written or escaped here.
func (c *canvas) svg() template.HTML {
	b := new(strings.Builder)
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img"><style>%s</style>`+"\n",
		c.width, c.height, c.width, c.height, style)
	for _, s := range c.shapes {
		s.writeSVG(b)
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) //nolint:gosec
}

func (s *shape) writeSVG(b *strings.Builder) {
	p, text := s.points[0], template.HTMLEscapeString(s.text)
	title := ""
	if s.text != "" {
		title = "<title>" + text + "</title>"
	}
	switch s.kind {
	case stroke:
		opacity := ""
		if s.weight > 0 {
			opacity = fmt.Sprintf(` stroke-opacity="%.2f"`, s.weight)
		}
		fmt.Fprintf(b, `<polyline class="%s"%s points="`, s.look, opacity)
		for _, p := range s.points {
			fmt.Fprintf(b, "%.1f,%.1f ", p.x, p.y)
		}
		fmt.Fprintf(b, `">%s</polyline>`, title)
	case disc:
		fmt.Fprintf(b, `<circle class="%s" cx="%.1f" cy="%.1f" r="%.1f">%s</circle>`, s.look, p.x, p.y, s.radius, title)
	case area:
		q := s.points[1]
		fmt.Fprintf(b, `<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="2">%s</rect>`, s.look, p.x, p.y, q.x-p.x, q.y-p.y, title)
	case label:
		fmt.Fprintf(b, `<text class="%s" text-anchor="%s" x="%.1f" y="%.1f">%s</text>`, s.look, s.anchor, p.x, p.y, text)
	case upright:
		fmt.Fprintf(b, `<text class="%s" text-anchor="%s" transform="translate(%.1f %.1f) rotate(-90)">%s</text>`, s.look, s.anchor, p.x, p.y, text)
	}
	b.WriteString("\n")
}

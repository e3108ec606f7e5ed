package report

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// pixels is how many of the picture's pixels make one of the drawing's units: text of 12 units stays sharp in print and on
// dense screens.
const pixels = 2

const textSize = 12 // of labels, in the drawing's units

// goFont is the font of pictures: Go's own, so that they are the same on every machine.
var goFont = sync.OnceValues(func() (font.Face, error) {
	f, err := opentype.Parse(goregular.TTF)
	if err != nil {
		return nil, err
	}
	return opentype.NewFace(f, &opentype.FaceOptions{Size: textSize * pixels, DPI: 72, Hinting: font.HintingFull})
})

// facing guards goFont's face, which keeps a cache.
var facing sync.Mutex

// picture is a canvas on its way to pixels.
type picture struct {
	*image.RGBA
	face font.Face
}

// png draws the canvas on white.
func (c *canvas) png(w io.Writer) error {
	face, err := goFont()
	if err != nil {
		return fmt.Errorf("report: font: %w", err)
	}
	facing.Lock()
	defer facing.Unlock()
	p := picture{image.NewRGBA(image.Rect(0, 0, int(c.width*pixels), int(c.height*pixels))), face}
	draw.Draw(p.RGBA, p.Bounds(), image.NewUniform(paint("paper", 1)), image.Point{}, draw.Src)
	for i := range c.shapes {
		p.shape(&c.shapes[i])
	}
	return png.Encode(w, p.RGBA)
}

// paint is a colour of an opacity.
func paint(name string, opacity float64) color.NRGBA {
	c := color.NRGBA{A: uint8(math.Round(255 * opacity))}
	_, _ = fmt.Sscanf(colours[name], "#%02x%02x%02x", &c.R, &c.G, &c.B) // they are written in this package
	return c
}

func orOpaque(opacity float64) float64 {
	if opacity == 0 {
		return 1
	}
	return opacity
}

func (p picture) shape(s *shape) {
	l := looks[s.look]
	switch s.kind {
	case stroke:
		p.outline(s.points, l.width, paint(l.line, orOpaque(s.weight)))
	case disc:
		if l.line != "" { // only below an opaque fill
			p.polygon(circle(s.points[0], s.radius+l.width/2), paint(l.line, 1))
		}
		p.polygon(circle(s.points[0], s.radius-l.width/2), paint(l.fill, orOpaque(l.opacity)))
	case area:
		a, b := s.points[0], s.points[1]
		p.polygon([]place{a, {b.x, a.y}, b, {a.x, b.y}}, paint(l.fill, orOpaque(l.opacity)))
	case label, upright:
		p.label(s, l)
	}
}

// circleSides make a polygon that looks round at the size of dots.
const circleSides = 24

func circle(at place, radius float64) []place {
	all := make([]place, circleSides)
	for i := range all {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / circleSides)
		all[i] = place{at.x + radius*cos, at.y + radius*sin}
	}
	return all
}

// outline draws a line of a width through points: a rectangle for each piece and, where it is opaque, a disc at each corner.
// Each is painted by itself: the box around the whole line may be most of the picture.
func (p picture) outline(points []place, width float64, c color.NRGBA) {
	half := width / 2
	for i, b := range points[1:] {
		a := points[i]
		dx, dy := b.x-a.x, b.y-a.y
		length := math.Hypot(dx, dy)
		if length == 0 {
			continue
		}
		nx, ny := dy/length*half, -dx/length*half
		p.polygon([]place{{a.x + nx, a.y + ny}, {b.x + nx, b.y + ny}, {b.x - nx, b.y - ny}, {a.x - nx, a.y - ny}}, c)
		if i > 0 && c.A == math.MaxUint8 {
			p.polygon(circle(a, half), c)
		}
	}
}

// polygon paints an area. Only the pixels around it are looked at.
func (p picture) polygon(points []place, c color.Color) {
	low, high := place{math.Inf(1), math.Inf(1)}, place{math.Inf(-1), math.Inf(-1)}
	for _, q := range points {
		low = place{min(low.x, q.x), min(low.y, q.y)}
		high = place{max(high.x, q.x), max(high.y, q.y)}
	}
	box := image.Rect(int(math.Floor(low.x*pixels)), int(math.Floor(low.y*pixels)), int(math.Ceil(high.x*pixels))+1, int(math.Ceil(high.y*pixels))+1)
	r := vector.NewRasterizer(box.Dx(), box.Dy())
	for i, q := range points {
		x, y := float32(q.x*pixels)-float32(box.Min.X), float32(q.y*pixels)-float32(box.Min.Y)
		if i == 0 {
			r.MoveTo(x, y)
		} else {
			r.LineTo(x, y)
		}
	}
	r.ClosePath()
	r.Draw(p.RGBA, box, image.NewUniform(c), image.Point{})
}

// label writes a text, or turns it upright.
func (p picture) label(s *shape, l look) {
	width := font.MeasureString(p.face, s.text)
	start := map[string]fixed.Int26_6{"middle": width / 2, "end": width}[s.anchor]
	at := fixed.Point26_6{X: fixed.Int26_6(s.points[0].x * pixels * 64), Y: fixed.Int26_6(s.points[0].y * pixels * 64)}
	ink := image.NewUniform(paint(l.fill, 1))
	if s.kind == upright {
		p.turned(s.text, ink, width, at, start)
		return
	}
	at.X -= start
	if l.line != "" { // a rim, so that lines below do not cross the letters
		p.halo(s.text, image.NewUniform(paint(l.line, 1)), at, int(l.width/2*pixels))
	}
	(&font.Drawer{Dst: p.RGBA, Src: ink, Face: p.face, Dot: at}).DrawString(s.text)
}

// halo writes a text all around its place.
func (p picture) halo(text string, rim image.Image, at fixed.Point26_6, radius int) {
	for dy := -radius; dy <= radius; dy++ {
		for dx := -radius; dx <= radius; dx++ {
			if dx*dx+dy*dy <= radius*radius {
				dot := at.Add(fixed.P(dx, dy))
				(&font.Drawer{Dst: p.RGBA, Src: rim, Face: p.face, Dot: dot}).DrawString(text)
			}
		}
	}
}

// turned writes a text from below to above.
func (p picture) turned(text string, ink image.Image, width fixed.Int26_6, at fixed.Point26_6, start fixed.Int26_6) {
	m := p.face.Metrics()
	ascent := m.Ascent.Ceil()
	flat := image.NewRGBA(image.Rect(0, 0, width.Ceil()+1, ascent+m.Descent.Ceil()))
	(&font.Drawer{Dst: flat, Src: ink, Face: p.face, Dot: fixed.P(0, ascent)}).DrawString(text)
	size := flat.Bounds().Size()
	up := image.NewRGBA(image.Rect(0, 0, size.Y, size.X))
	for y := range size.Y {
		for x := range size.X {
			up.SetRGBA(y, size.X-1-x, flat.RGBAAt(x, y))
		}
	}
	corner := image.Pt(at.X.Round()-ascent, (at.Y+start).Round()-size.X)
	draw.Draw(p.RGBA, up.Bounds().Add(corner), up, image.Point{}, draw.Over)
}

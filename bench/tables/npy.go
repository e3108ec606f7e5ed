package tables

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
)

// Files of NumPy's .npy format, version 1.0, float32, row by row, two dimensions
// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
const (
	npyMagic    = "\x93NUMPY"
	npyPreamble = len(npyMagic) + 4 // magic, version, length of the header
	npyAlign    = 64                // of preamble and header together
)

// WriteNPY writes columns as a matrix.
func WriteNPY(path string, columns ...[]float32) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	rows := len(columns[0])
	header := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }", rows, len(columns))
	header += strings.Repeat(" ", npyAlign-1-(npyPreamble+len(header))%npyAlign) + "\n"
	w := bufio.NewWriterSize(file, 1<<20)
	fmt.Fprintf(w, "%s\x01\x00", npyMagic)
	if err := binary.Write(w, binary.LittleEndian, uint16(len(header))); err != nil {
		return err
	}
	if _, err := w.WriteString(header); err != nil {
		return err
	}
	row := make([]byte, 4*len(columns))
	for i := range rows {
		for k, c := range columns {
			binary.LittleEndian.PutUint32(row[4*k:], math.Float32bits(c[i]))
		}
		if _, err := w.Write(row); err != nil {
			return err
		}
	}
	return w.Flush()
}

// ReadNPY reads the columns of a matrix.
func ReadNPY(path string) (columns [][]float32, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r := bufio.NewReaderSize(file, 1<<20)
	rows, width, err := readHeader(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for range width {
		columns = append(columns, make([]float32, rows))
	}
	row := make([]byte, 4*width)
	for i := range rows {
		if _, err := io.ReadFull(r, row); err != nil {
			return nil, fmt.Errorf("%s: row %d: %w", path, i, err)
		}
		for k, c := range columns {
			c[i] = math.Float32frombits(binary.LittleEndian.Uint32(row[4*k:]))
		}
	}
	return columns, nil
}

var errNPY = errors.New("no .npy file of float32 in two dimensions")

func readHeader(r io.Reader) (rows, width int, err error) {
	preamble := make([]byte, npyPreamble)
	if _, err := io.ReadFull(r, preamble); err != nil || !strings.HasPrefix(string(preamble), npyMagic) {
		return 0, 0, errNPY
	}
	header := make([]byte, binary.LittleEndian.Uint16(preamble[npyPreamble-2:]))
	if _, err := io.ReadFull(r, header); err != nil {
		return 0, 0, errNPY
	}
	_, shape, ok := strings.Cut(string(header), "'shape': (")
	if _, err := fmt.Sscanf(shape, "%d, %d", &rows, &width); err != nil || !ok || !strings.Contains(string(header), "'<f4'") {
		return 0, 0, errNPY
	}
	return rows, width, nil
}

package store

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// temporary ends the names of files and folders that are being written.
const temporary = ".tmp"

// scratch is a name beside path that no other process uses.
func scratch(path string) string { return path + "." + rand.Text()[:12] + temporary }

// Unwritable says of an error of the disk what cannot be written, by the path
// that the user knows in place of a temporary name, and what can be done about
// it. Any other error is returned as it is.
func Unwritable(err error, path string) error {
	var of *unwritable
	var inPath *fs.PathError
	var inLink *os.LinkError
	switch {
	case errors.As(err, &of):
		return &unwritable{path, of.why}
	case errors.As(err, &inPath):
		return &unwritable{path, inPath.Err}
	case errors.As(err, &inLink):
		return &unwritable{path, inLink.Err}
	}
	return err
}

// written is an error that came up while path was written: of the disk, told as
// Unwritable does, if it is about what stands under a temporary name; what is
// only read has none.
func written(err error, path string) error {
	var of *unwritable
	var inPath *fs.PathError
	var inLink *os.LinkError
	if errors.As(err, &of) || errors.As(err, &inPath) && strings.Contains(inPath.Path, temporary) || errors.As(err, &inLink) && strings.Contains(inLink.Old, temporary) {
		return Unwritable(err, path)
	}
	return err
}

type unwritable struct {
	path string
	why  error
}

func (u *unwritable) Error() string {
	help := ""
	switch {
	case errors.Is(u.why, fs.ErrPermission), errors.Is(u.why, syscall.EROFS):
		help = "; choose a place where you may write, or make this one writable"
	case errors.Is(u.why, syscall.ENOSPC), errors.Is(u.why, syscall.EDQUOT):
		help = "; make room, or choose a place on another disk"
	}
	return fmt.Sprintf("cannot write to %s: %v%s", u.path, u.why, help)
}

func (u *unwritable) Unwrap() error { return u.why }

// replace writes the file at path whole or not at all.
func replace(path string, write func(io.Writer) error) (err error) {
	defer func() { err = written(err, path) }()
	name := scratch(path)
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(name)
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(name, path); err != nil {
		return err
	}
	syncFolder(filepath.Dir(path))
	return nil
}

// syncFolder puts the names in a folder on disk. Some systems cannot, and have
// ordered renames; so its failure is none of ours.
func syncFolder(dir string) {
	if f, err := os.Open(dir); err == nil {
		f.Sync()
		f.Close()
	}
}

// encodeJSON is v, indented, with the letters of a TOML text as they are.
func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.Bytes(), err
}

// WriteJSON writes v, indented, to path whole or not at all.
func WriteJSON(path string, v any) error {
	text, err := encodeJSON(v)
	if err != nil {
		return err
	}
	return replace(path, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// A checksum is a SHA-256 in the making.
type checksum struct{ hash.Hash }

func newSum() checksum { return checksum{sha256.New()} }

func (c checksum) hex() string { return hex.EncodeToString(c.Sum(nil)) }

// An output is a new file whose SHA-256 is taken while it is written.
type output struct {
	file  *os.File
	sum   checksum
	bytes int64
}

func create(path string) (*output, error) {
	f, err := os.Create(path)
	return &output{file: f, sum: newSum()}, err
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.file.Write(p)
	o.sum.Write(p[:n])
	o.bytes += int64(n)
	return n, err
}

// close puts the file on disk and describes it.
func (o *output) close(table string, rows int64) (File, error) {
	err := errors.Join(o.file.Sync(), o.file.Close())
	return File{
		Table:  table,
		Name:   filepath.Base(o.file.Name()),
		Rows:   rows,
		Bytes:  o.bytes,
		SHA256: o.sum.hex(),
	}, err
}

// verify compares the file in dir with what is recorded of it.
func (f *File) verify(dir string) error {
	file, err := os.Open(filepath.Join(dir, f.Name))
	if err != nil {
		return err
	}
	defer file.Close()
	sum := newSum()
	n, err := io.Copy(sum, file)
	switch {
	case err != nil:
		return err
	case n != f.Bytes:
		return errors.New(f.Name + ": not the length that was recorded")
	case sum.hex() != f.SHA256:
		return errors.New(f.Name + ": not the bytes that were recorded (SHA-256 differs)")
	}
	return nil
}

// WriteFile writes data to path, whole or not at all, and makes the folder if
// there is none.
func WriteFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return Unwritable(err, filepath.Dir(path))
	}
	return replace(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

package wxpay

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// File is a file to upload: a name, and where its bytes come from. It is read twice, once to hash
// it and once to send it, and once more each time net/http takes another connection; it is never
// held in memory as a whole. See [Chain.Upload].
//
// Nothing that prints a File shows its name or its content.
type File struct{ open func() (*fileSource, error) }

// FileAt is the file at this path, and named as it is there. It is opened when it is uploaded, and
// closed afterwards.
func FileAt(path string) File {
	return File{func() (*fileSource, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		info, err := f.Stat()
		if err == nil && !info.Mode().IsRegular() {
			err = errors.New("it is not a regular file")
		}
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return &fileSource{name: filepath.Base(path), size: info.Size(), content: f, close: f.Close}, nil
	}}
}

// FileOf is a file of these bytes, which must not change until the upload is over.
func FileOf(name string, content []byte) File {
	return File{func() (*fileSource, error) {
		return &fileSource{name: name, size: int64(len(content)), content: bytes.NewReader(content)}, nil
	}}
}

// FileFrom is a file of what a reader gives, from its beginning to its end. Nobody else may read
// it until the upload is over; it is not closed, and not read any more afterwards.
func FileFrom(name string, content io.ReadSeeker) File {
	return File{func() (*fileSource, error) {
		if content == nil || isNilPointer(content) {
			return nil, errors.New("its reader is nil")
		}
		size, err := content.Seek(0, io.SeekEnd)
		if err != nil {
			return nil, err
		}
		return &fileSource{name: name, size: size, content: content}, nil
	}}
}

// fileSource is an open file. Of the readers it gives only the last one reads, for net/http may
// still hold an earlier one when it asks for another, and any of them when the call is over.
type fileSource struct {
	name    string
	size    int64
	close   func() error // nil for nothing to close
	mu      sync.Mutex   // of what follows
	content io.ReadSeeker
	turn    int // of the reader that reads
}

var errLeft = errors.New("the file is read by nobody any more")

// reader begins the file anew.
func (s *fileSource) reader() io.Reader {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.begin()
}

// readerOf is reader for an attempt, unless it was reported as not sent: then the file may be in
// the hands of the next one, which asks after that.
func (s *fileSource) readerOf(f *flight) (r io.Reader, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.state.Load() == over {
		return nil, false
	}
	return s.begin(), true
}

// begin begins the file anew for whoever holds the lock.
func (s *fileSource) begin() io.Reader {
	s.turn++
	r := &fileReader{fileSource: s, turn: s.turn, left: s.size}
	if s.content == nil {
		r.err = errLeft
	} else if _, err := s.content.Seek(0, io.SeekStart); err != nil {
		r.err = err
	}
	return r
}

// end takes the file out of the hands of whoever still reads it.
func (s *fileSource) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.content = nil
	if s.close != nil {
		_ = s.close() // it was read only
	}
}

type fileReader struct {
	*fileSource
	turn int
	left int64
	err  error
}

// Read gives exactly the bytes of the size that was declared: a file that has become shorter is an
// error, and what it has grown by is left out.
func (r *fileReader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.err != nil:
		return 0, r.err
	case r.content == nil || r.turn != r.fileSource.turn:
		return 0, errLeft
	case r.left == 0:
		return 0, io.EOF
	}
	n, err := r.content.Read(p[:min(int64(len(p)), r.left)])
	if n < 0 || n > len(p) {
		return 0, fmt.Errorf("its reader gave %d bytes of %d", n, len(p))
	}
	r.left -= int64(n)
	if err == io.EOF && r.left > 0 {
		err = fmt.Errorf("it became shorter: %w", io.ErrUnexpectedEOF)
	} else if err == io.EOF {
		err = nil
	}
	return n, err
}

// whyNot is what is wrong with a file, without its name, which may be a person's.
func whyNot(err error) string {
	var place *fs.PathError
	if errors.As(err, &place) {
		return place.Err.Error()
	}
	return quiet(err)
}

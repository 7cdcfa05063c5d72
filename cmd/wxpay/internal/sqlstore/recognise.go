package sqlstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
)

// Recognise says whether the file at path is proved to be a database of ours, by our
// mark in it and without touching it. A file that is missing or blank proves nothing.
// What is not ours for certain comes back as an [*OpenError].
func Recognise(path string) (ours bool, err error) {
	ours, err = recognise(path)
	if err != nil {
		hint := lang.Textf("choose another folder")
		switch {
		case errors.Is(err, errLinked):
			hint = lang.Textf("put a copy of it into another folder and use that")
		case errors.Is(err, fs.ErrPermission):
			hint = lang.Textf("choose a folder this user may write to")
		}
		return false, &OpenError{Path: path, Problem: reason(err), Hint: hint, err: err}
	}
	return ours, nil
}

// resolve follows a database that is a symbolic link, as SQLite does: what belongs to the database
// is beside the file, and so is the lock, whatever name it is opened by.
func resolve(path string) (string, error) {
	if info, err := os.Lstat(path); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return path, nil // who opens it says what is wrong
	}
	file, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", lang.Errorf("it is a link to a file that is missing")
	}
	return file, err
}

// checkBeside refuses what SQLite would open beside the database or its lock, and is no file: to
// open a pipe is to wait for who writes to it.
func checkBeside(path string) error {
	for _, name := range []string{path, path + lockSuffix} {
		for _, part := range []string{"", "-journal", "-wal", "-shm"} {
			info, err := os.Stat(name + part)
			_, missing := os.Lstat(name + part)
			if errors.Is(err, fs.ErrNotExist) && missing == nil && name+part != path {
				return lang.Errorf("%s beside it is a link to a file that is missing", filepath.Base(name+part))
			}
			if err == nil && !info.Mode().IsRegular() && name+part != path {
				return lang.Errorf("%s beside it is not a file", filepath.Base(name+part))
			}
		}
	}
	return nil
}

// recognise reads the header: https://www.sqlite.org/fileformat.html#the_database_header
func recognise(path string) (bool, error) {
	path, err := resolve(path)
	if err == nil {
		err = checkBeside(path)
	}
	if err != nil {
		return false, err
	}
	file, err := openFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return false, err
	}
	if info.Mode().IsRegular() {
		switch n, err := links(file); {
		case err != nil:
			return false, err
		case n > 1:
			return false, errLinked
		}
	}
	var header [100]byte
	_, err = io.ReadFull(file, header[:])
	switch {
	case err == io.EOF:
		return false, nil // a start that was cut off leaves an empty file
	case err != nil && err != io.ErrUnexpectedEOF:
		return false, err
	case err != nil || !bytes.HasPrefix(header[:], []byte("SQLite format 3\x00")):
		return false, lang.Errorf("it is not a database")
	}
	application, page := binary.BigEndian.Uint32(header[68:]), int64(binary.BigEndian.Uint16(header[16:]))
	if application == applicationID {
		return true, nil
	}
	if page == 1 {
		page = 1 << 16
	}
	// A database that was never closed may have all but its first page in the file beside it.
	beside, named := besideIsOurs(path + "-wal")
	switch {
	case application == 0 && named:
		return true, nil
	case application != 0 || info.Size() > page && !beside:
		return false, errOthers
	}
	return false, nil
}

// besideIsOurs says whether there is a write-ahead log, and whether a first page in it has our
// mark:
// https://www.sqlite.org/fileformat.html#the_write_ahead_log
func besideIsOurs(path string) (there, ours bool) {
	file, err := openFile(path)
	if err != nil {
		return false, false
	}
	defer file.Close()
	var header [32]byte
	if _, err := io.ReadFull(file, header[:]); err != nil {
		return false, false
	}
	const beforePage = 24
	page := int64(binary.BigEndian.Uint32(header[8:]))
	if binary.BigEndian.Uint32(header[:])&^1 != 0x377f0682 || page < 512 {
		return false, false
	}
	for at := int64(len(header)); ; at += beforePage + page {
		var frame [beforePage + 100]byte
		if _, err := file.ReadAt(frame[:], at); err != nil {
			return true, false
		}
		if binary.BigEndian.Uint32(frame[:]) == 1 && binary.BigEndian.Uint32(frame[beforePage+68:]) == applicationID {
			return true, true
		}
	}
}

// openFile opens no pipe: that would be to wait for who writes to it.
func openFile(path string) (*os.File, error) {
	switch info, err := os.Stat(path); {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() && !info.IsDir(): // which the reading says of itself
		return nil, lang.Errorf("it is not a file")
	}
	return os.Open(path)
}

var (
	errOthers = lang.Errorf("it belongs to another program")
	// By its other name another process would open it with another lock and another log beside it.
	errLinked = lang.Errorf("it has another name elsewhere, a hard link")
)

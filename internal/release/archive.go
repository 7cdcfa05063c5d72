package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"time"
)

// entry is one file of an archive.
type entry struct {
	name    string
	content []byte
	mode    fs.FileMode
}

// archive packs files into one folder: as a zip for Windows, for the others as a tar.gz. Nothing of
// the machine gets into it: no owner, no other time.
func (b *binary) archive(folder string, files []entry, at time.Time) (packed []byte, name string, err error) {
	var out bytes.Buffer
	if b.os == "windows" {
		err = zipped(&out, folder, files, at)
		return out.Bytes(), folder + ".zip", err
	}
	err = tarred(&out, folder, files, at)
	return out.Bytes(), folder + ".tar.gz", err
}

func tarred(out io.Writer, folder string, files []entry, at time.Time) error {
	packed, err := gzip.NewWriterLevel(out, gzip.BestCompression)
	if err != nil {
		return err
	}
	w := tar.NewWriter(packed)
	for _, f := range files {
		err = errors.Join(err, w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: folder + "/" + f.name,
			Size: int64(len(f.content)), Mode: int64(f.mode.Perm()), ModTime: at, Format: tar.FormatUSTAR}))
		_, wrong := w.Write(f.content)
		err = errors.Join(err, wrong)
	}
	return errors.Join(err, w.Close(), packed.Close())
}

func zipped(out io.Writer, folder string, files []entry, at time.Time) error {
	w := zip.NewWriter(out)
	w.RegisterCompressor(zip.Deflate, func(to io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(to, flate.BestCompression)
	})
	var err error
	for _, f := range files {
		header := &zip.FileHeader{Name: folder + "/" + f.name, Method: zip.Deflate, Modified: at}
		header.SetMode(f.mode)
		to, wrong := w.CreateHeader(header)
		if wrong == nil {
			_, wrong = to.Write(f.content)
		}
		err = errors.Join(err, wrong)
	}
	return errors.Join(err, w.Close())
}

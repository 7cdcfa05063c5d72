package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"time"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/evidence"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
)

// writeBundle writes evidence of a case that is safe to post, and says what is in it.
func writeBundle(sys System, name string, c *evidence.Case) error {
	made := time.Now()
	entries, err := c.Entries(evidence.About{
		Version: version(), Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH, Made: made,
	})
	var archive bytes.Buffer
	if err == nil {
		err = evidence.Write(&archive, entries, made)
	}
	if err == nil {
		if _, there := os.Lstat(name); there == nil {
			err = errorf("%s is there already", printable(name))
		} else if !errors.Is(there, fs.ErrNotExist) {
			err = there
		}
	}
	if err == nil {
		err = writeWhole(name, archive.Bytes(), 0o644) // it is made to be passed on
	}
	if err != nil {
		return &failure{code: exitFailure, err: errorf("cannot write the bundle: %w", err),
			hint: text("give another file with --bundle")}
	}
	fmt.Fprintln(sys.Err, sys.text("%s has this in it, and nothing else:", printable(name)))
	for _, e := range entries {
		fmt.Fprintf(sys.Err, "  %s  %s\n", lang.Pad(e.Name, 12), e.What.In(sys.lang))
	}
	fmt.Fprintln(sys.Err, sys.text("No key, signature, name, openid or other value is in it: see for yourself, then "+
		"post it."))
	return nil
}

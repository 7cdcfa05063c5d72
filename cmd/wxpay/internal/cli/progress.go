package cli

import (
	"github.com/schollz/progressbar/v3"

	"github.com/wxpay-go/wxpay"
)

// progress draws how far a file is, on a terminal. end takes it away.
func progress(sys System, what string) (option wxpay.Option, end func()) {
	if !sys.ErrTerminal {
		return nil, func() {}
	}
	var bar *progressbar.ProgressBar
	option = wxpay.Progress(func(done, total int64) {
		if bar == nil {
			bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(sys.Err), progressbar.OptionSetWidth(30),
				progressbar.OptionShowBytes(true), progressbar.OptionSetDescription(what),
				progressbar.OptionClearOnFinish())
		}
		_ = bar.Set64(done)
	})
	return option, func() {
		if bar != nil {
			_ = bar.Finish()
		}
	}
}

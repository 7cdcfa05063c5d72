package inbox_test

import (
	"context"
	"database/sql/driver"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/inbox"
)

type connector struct{}

func (connector) Connect(context.Context) (driver.Conn, error) { return nothing{}.Open("") }
func (connector) Driver() driver.Driver                        { return nothing{} }

var key = wxpay.NewSecret("192006250b4c09247ec02edce69f6a2d")

func func2(context.Context, *inbox.Delivery) error { return nil }

type ending struct{}

func (ending) EventType() string { return "ENDING" }

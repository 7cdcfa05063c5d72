package recipes

import (
	"net/http"

	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"

	"github.com/wxpay-go/wxpay/notify"
)

// Echo is echo's router with the receiver on one of its routes. BodyLimit counts bytes and changes
// none, so it may stand before the receiver; it must let a notification through, which has a few
// thousand. Do not call Bind before it: that leaves no body. In echo 4 the line that adds the route
// is the same.
func Echo(r *notify.Receiver) http.Handler {
	e := echo.New()
	e.Use(middleware.Recover(), middleware.BodyLimit(notify.MaxBody))
	e.POST("/notify", echo.WrapHandler(logged(r)))
	return e
}

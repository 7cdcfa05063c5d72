package recipes

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/wxpay-go/wxpay/notify"
)

// Gin is an engine with the receiver on one of its routes. gin has no limit of a body's size by
// itself; the receiver has ([notify.MaxBody]). Do not bind the body before it (ShouldBindJSON,
// ShouldBindBodyWith, GetRawData): that leaves none. A middleware of the whole engine that needs
// the body is written as logged is, or kept off the route by a group.
func Gin(r *notify.Receiver) http.Handler {
	engine := gin.New()
	engine.Use(gin.Recovery())
	engine.POST("/notify", gin.WrapH(logged(r)))
	return engine
}

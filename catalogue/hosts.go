package catalogue

import (
	"slices"
	"sync"
)

// twins are WeChat Pay's usual hosts, by pairs that stand in for each other: every endpoint is at
// them that [Exchange] gives no other host.
//
// Source:
// https://pay.weixin.qq.com/docs/merchant/development/practices/cross-city-disaster-escalation-guidelines.html
// https://github.com/wechatpay-apiv3/wechatpay-java#双域名容灾
var twins = [...][2]string{
	{"api.mch.weixin.qq.com", "api2.mch.weixin.qq.com"},
	{"api.wechatpay.cn", "api2.wechatpay.cn"},
}

// Twins are WeChat Pay's usual hosts, by pairs that stand in for each other.
func Twins() [][2]string { return slices.Clone(twins[:]) }

// abroad are the hosts of merchants outside mainland China. They serve APIv2 as the usual ones do.
//
// Source: https://pay.weixin.qq.com/wiki/doc/api/jsapi.php?chapter=9_1
// https://github.com/TheNorthMemory/wechatpay-axios-plugin
var abroad = [...]string{"apihk.mch.weixin.qq.com", "apius.mch.weixin.qq.com", "apieu.mch.weixin.qq.com"}

// Hosts are the names of every host that WeChat Pay's API is known to have, sorted.
func Hosts() []string { return slices.Clone(loadHosts()) }

// IsHost says whether a name, in small letters, is one of [Hosts].
func IsHost(name string) bool {
	_, known := slices.BinarySearch(loadHosts(), name)
	return known
}

var loadHosts = sync.OnceValue(func() []string {
	out := append([]string{"pay.wechatpay.cn"}, abroad[:]...)
	for _, pair := range twins {
		out = append(out, pair[:]...)
	}
	lines, _ := loadExchanges() // of an error every loading of the catalogue tells
	for _, line := range lines {
		if line.Host != "" {
			out = append(out, line.Host)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
})

// HasAt says whether the documents have an endpoint at a host, one of [Hosts], by its method and
// its path as it is sent; where they do not, at is the host they have it at.
func HasAt(host, method, escapedPath string) (at string, has bool) {
	e, _ := MatchExchange(method, escapedPath)
	switch {
	case e.Host == host, slices.Contains(abroad[:], e.Host) && slices.Contains(abroad[:], host):
		return host, true
	case e.Host != "":
		return e.Host, false
	}
	usual := slices.Contains(abroad[:], host)
	for _, pair := range twins {
		usual = usual || slices.Contains(pair[:], host)
	}
	return twins[0][0], usual
}

package sandbox_test

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// What production was seen to send, by people who pasted it into public issues.

// https://github.com/wechatpay-apiv3/wechatpay-java/issues/226
// https://github.com/wechatpay-apiv3/wechatpay-apache-httpclient/issues/152
func TestANotificationAsSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var headers []http.Header
	var bodies []string
	w.ok(w.Receive("https://yourapp.com", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		headers, bodies = append(headers, r.Header.Clone()), append(bodies, string(body))
		rw.WriteHeader(http.StatusServiceUnavailable)
	})))
	_, err := w.Payer(openID).Pay(w.must("POST", "v3/pay/transactions/jsapi", orderBody())["prepay_id"].(string))
	w.ok(err)
	w.ok(w.Advance(30 * time.Second)) // three attempts
	if len(bodies) != 3 {
		t.Fatalf("%d attempts, %q", len(bodies), bodies)
	}
	const uuid5 = `[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`
	envelope := regexp.MustCompile(`^\{"id":"` + uuid5 + `","create_time":"2020-09-10T10:00:00\+08:00",` +
		`"resource_type":"encrypt-resource","event_type":"TRANSACTION.SUCCESS","summary":"支付成功",` +
		`"resource":\{"original_type":"transaction","algorithm":"AEAD_AES_256_GCM","ciphertext":"[0-9A-Za-z+/=]+",` +
		`"associated_data":"transaction","nonce":"[0-9A-Za-z]{12}"\}\}$`)
	if !envelope.MatchString(bodies[0]) {
		t.Errorf("the envelope is %s", bodies[0])
	}
	beyondHex := false
	for _, h := range headers {
		nonce := h.Get(wire.HeaderNonce)
		if !regexp.MustCompile(`^[0-9A-Za-z]{32}$`).MatchString(nonce) {
			t.Errorf("the nonce is %q", nonce)
		}
		beyondHex = beyondHex || strings.ContainsAny(nonce, "ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ")
		if h.Get(wire.HeaderSignatureType) != "WECHATPAY2-SHA256-RSA2048" {
			t.Errorf("the scheme is %q", h.Get(wire.HeaderSignatureType))
		}
	}
	if !beyondHex {
		t.Error("nonces of notifications have letters beyond f")
	}
	// In the first delivery Wechatpay-Timestamp is create_time.
	if got := headers[0].Get(wire.HeaderTimestamp); got != strconv.FormatInt(start.Unix(), 10) {
		t.Errorf("the first attempt was signed at %s, created at %d", got, start.Unix())
	}
}

// The scene of an order: official models and pages.
// https://pay.weixin.qq.com/doc/v3/merchant/4012525153
func TestTheSceneOfAnOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const ip = "14.23.150.211"
	for _, root := range []string{directRoot, partnerRoot} {
		order := func(no string, members object) object {
			if root == partnerRoot {
				return with(numbered(partnerOrder(), no), "scene_info", members)
			}
			return with(numbered(orderBody(), no), "scene_info", members)
		}
		w.must("POST", root+"jsapi", order("scene-1", object{"payer_client_ip": ip,
			"store_info": object{"id": "0001"}}))
		w.refused(400, "PARAM_ERROR", "POST", root+"jsapi", order("scene-2", object{"device_id": "013467007045764"}))
		w.refused(400, "PARAM_ERROR", "POST", root+"jsapi", order("scene-3", object{"payer_client_ip": ip,
			"store_info": object{"name": "腾讯大厦分店"}}))
		w.refused(400, "PARAM_ERROR", "POST", root+"h5", with(inBrowser(order("scene-4", nil)), "scene_info", nil))
		for way, asked := range map[string]object{"app": with(order("scene-5", nil), "payer", nil),
			"native": with(order("scene-6", nil), "payer", nil), "h5": inBrowser(order("scene-7", nil))} {
			scene, _ := asked["scene_info"].(object)
			if scene == nil {
				scene = object{}
			}
			lacking := with(scene, "payer_client_ip", nil)
			w.refused(400, "PARAM_ERROR", "POST", root+way, with(asked, "scene_info", with(lacking, "device_id", "x")))
			w.must("POST", root+way, with(asked, "scene_info", with(lacking, "payer_client_ip", ip)))
		}
		for _, lacks := range []object{{"payer_client_ip": ip}, {"payer_client_ip": ip, "h5_info": object{}}} {
			w.refused(400, "PARAM_ERROR", "POST", root+"h5", with(order("scene-4", lacks), "payer", nil))
		}
	}
}

// Queries and TRANSACTION.SUCCESS tell an order's device, a partner's as well: official models.
func TestTheDeviceOfAnOrder(t *testing.T) {
	t.Parallel()
	scene := object{"payer_client_ip": "14.23.150.211", "device_id": "013467007045764"}
	for root, c := range map[string]struct {
		order object
		query string
	}{directRoot: {orderBody(), "?mchid=1900000109"}, partnerRoot: {partnerOrder(), asPartner}} {
		w := newWorld(t)
		w.paid(w.must("POST", root+"jsapi", with(c.order, "scene_info", scene))["prepay_id"])
		pushes, err := w.Pushes()
		w.ok(err)
		var told object
		w.ok(json.Unmarshal(pushes[0].Resource, &told))
		for what, got := range map[string]object{"query": w.must("GET", root+byNo+c.query, nil), "notification": told} {
			if device, _ := got["scene_info"].(object); device["device_id"] != "013467007045764" || len(device) != 1 {
				t.Errorf("%s of %s: got %v", what, root, got)
			}
		}
	}
}

// A prepay_id is good for two hours, whatever time_expire says. The same order again has a fresh
// one, which here is the old one, good for two hours more.
// https://github.com/wechatpay-apiv3/wechatpay-skills
func TestAPrepayIDIsGoodForTwoHours(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := with(orderBody(), "time_expire", start.Add(24*time.Hour).Format(time.RFC3339))
	first := w.must("POST", directRoot+"jsapi", order)["prepay_id"].(string)
	w.ok(w.Advance(2*time.Hour + time.Second))
	if _, err := w.Payer(openID).Pay(first); err == nil {
		t.Error("it is paid after two hours")
	}
	w.paid(w.must("POST", directRoot+"jsapi", order)["prepay_id"])
}

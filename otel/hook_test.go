package otelwxpay_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/combinepapay"
	"github.com/wxpay-go/wxpay/notify"
	otelwxpay "github.com/wxpay-go/wxpay/otel"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
)

const openid = "o-MYE42l80oelYMDE34nYD456Xoy"

// watch is OpenTelemetry's SDK, in memory.
type watch struct {
	tracers *sdktrace.TracerProvider
	spans   *tracetest.SpanRecorder
	reader  *metric.ManualReader
	hook    wxpay.Hook
}

func newWatch() *watch {
	w := &watch{spans: tracetest.NewSpanRecorder(), reader: metric.NewManualReader()}
	w.tracers = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(w.spans))
	meters := metric.NewMeterProvider(metric.WithReader(w.reader))
	w.hook = otelwxpay.Hook(nil, otelwxpay.TracerProvider(w.tracers), otelwxpay.MeterProvider(meters))
	return w
}

// series are the metrics, each series as name{label=value …} count.
func (w *watch) series(t testing.TB) (all []string) {
	t.Helper()
	var data metricdata.ResourceMetrics
	if err := w.reader.Collect(context.Background(), &data); err != nil {
		t.Fatal(err)
	}
	for _, scope := range data.ScopeMetrics {
		for _, m := range scope.Metrics {
			h, ok := m.Data.(metricdata.Histogram[float64])
			if !ok || m.Unit != "s" {
				t.Fatalf("%s is a %T in %s", m.Name, m.Data, m.Unit)
			}
			for _, p := range h.DataPoints {
				all = append(all, fmt.Sprintf("%s{%s} %d", m.Name, written(p.Attributes.ToSlice()), p.Count))
			}
		}
	}
	slices.Sort(all)
	return all
}

func written(attributes []attribute.KeyValue) string {
	var out []string
	for _, a := range attributes {
		switch a.Key {
		case "server.address", "server.port", "wxpay.request_id", "wxpay.duration": // differ each time
		default:
			out = append(out, string(a.Key)+"="+a.Value.Emit())
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func started(t *testing.T, w *watch, faults ...fault.Fault) (*sandbox.Sandbox, *wxpay.Client) {
	t.Helper()
	s := sandbox.New(t, sandbox.At(time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)))
	if err := s.Inject(faults...); err != nil {
		t.Fatal(err)
	}
	cfg := s.ClientConfig()
	cfg.Attempts, cfg.Hook = wxpay.DefaultAttempts, w.hook
	cfg.Wait = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	c, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

func presign(ctx context.Context, c *wxpay.Client) (token string, err error) {
	r, err := combinepapay.Of(c).Contracts.PreEntrustSign.Post(ctx, &combinepapay.PreEntrustSignRequest{
		AppID: sandbox.DefaultAppID, PlanID: 12535, OutContractCode: "wxwtdk20200910100000",
		ContractDisplayAccount: "用户A", NotifyURL: sandbox.DefaultNotifyURL,
	})
	if err != nil {
		return "", err
	}
	return r.PreEntrustWebID, nil
}

const presignPath = "v3/ecommerce/combine-papay/contracts/pre-entrust-sign"

// A call is one span, a child of the context's, with an event for each attempt; it counts once, and
// each attempt once.
func TestACallIsOneSpan(t *testing.T) {
	t.Parallel()
	w := newWatch()
	s, c := started(t, w, fault.Fault{Name: fault.Error, Endpoint: "*"})
	ctx, parent := w.tracers.Tracer("test").Start(t.Context(), "checkout")
	if _, err := presign(ctx, c); err != nil {
		t.Fatal(err)
	}
	parent.End()
	spans := w.spans.Ended()
	if len(spans) != 2 {
		t.Fatalf("%d spans", len(spans))
	}
	span := spans[0]
	if span.Name() != "POST "+presignPath || span.SpanKind() != trace.SpanKindClient ||
		span.Parent().SpanID() != parent.SpanContext().SpanID() || span.Status().Code.String() != "Unset" {
		t.Errorf("span %s, %s, %s, %v", span.Name(), span.SpanKind(), span.Parent().SpanID(), span.Status())
	}
	const operation = "http.request.method=POST"
	want := operation + " http.response.status_code=200 url.template=" + presignPath +
		" wxpay.attempts=2 wxpay.outcome=succeeded"
	if got := written(span.Attributes()); got != want {
		t.Errorf("attributes %s, want %s", got, want)
	}
	var events []string
	for _, e := range span.Events() {
		events = append(events, e.Name+" "+written(e.Attributes))
	}
	if want := []string{
		"attempt error.type=SYSTEM_ERROR http.response.status_code=500 wxpay.attempt=1 wxpay.outcome=unknown",
		"attempt http.response.status_code=200 wxpay.attempt=2 wxpay.outcome=succeeded",
	}; !slices.Equal(events, want) {
		t.Errorf("events %q, want %q", events, want)
	}
	if want := []string{
		"http.client.request.duration{error.type=SYSTEM_ERROR " + operation + " http.response.status_code=500 " +
			"url.template=" + presignPath + " wxpay.outcome=unknown} 1",
		"http.client.request.duration{" + operation + " http.response.status_code=200 url.template=" + presignPath +
			" wxpay.outcome=succeeded} 1",
		"wxpay.client.call.duration{" + operation + " http.response.status_code=200 url.template=" + presignPath +
			" wxpay.outcome=succeeded} 1",
	}; !slices.Equal(w.series(t), want) {
		t.Errorf("metrics %q, want %q", w.series(t), want)
	}
	journal, err := s.Journal(0, 1)
	if err != nil {
		t.Fatal(err)
	}
	if id := valueOf(span.Attributes(), "wxpay.request_id"); id != journal[0].RequestID {
		t.Errorf("request id %q, want %q", id, journal[0].RequestID)
	}
}

func valueOf(attributes []attribute.KeyValue, key attribute.Key) string {
	for _, a := range attributes {
		if a.Key == key {
			return a.Value.Emit()
		}
	}
	return ""
}

// What fails is an error by its kind.
func TestWhatFails(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		fault fault.Fault
		want  string
	}{
		"refused": {fault.Fault{Name: fault.Error, Status: 403, Code: "NO_AUTH"},
			"NO_AUTH refused"},
		"forged":    {fault.Fault{Name: fault.BadSignature}, "signature unknown"},
		"cut":       {fault.Fault{Name: fault.Cut}, "no_answer unknown"},
		"a gateway": {fault.Fault{Name: fault.Gateway}, "no_code unknown"},
	} {
		w := newWatch()
		row.fault.Endpoint = "*"
		_, c := started(t, w, row.fault)
		_, err := presign(t.Context(), c)
		span := w.spans.Ended()[0]
		got := valueOf(span.Attributes(), "error.type") + " " + valueOf(span.Attributes(), "wxpay.outcome")
		if got != row.want || span.Status().Code.String() != "Error" || err == nil {
			t.Errorf("%s: %s, want %s, status %v", name, got, row.want, span.Status())
		}
	}
	w := newWatch()
	cfg := sandbox.New(t).ClientConfig()
	cfg.Hook = w.hook
	cfg.HTTPClient = &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (
		net.Conn, error) {
		return nil, errors.New("no road")
	}}}
	c, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = presign(t.Context(), c)
	if got := valueOf(w.spans.Ended()[0].Attributes(), "error.type"); got != "not_sent" {
		t.Errorf("nobody there: %s", got)
	}
}

// A notification is one span, the parent of what its function begins.
func TestANotificationIsOneSpan(t *testing.T) {
	t.Parallel()
	w := newWatch()
	s, c := started(t, w, fault.Fault{Name: fault.Probe, Event: "*"})
	r := notify.New(s.Keys(), notify.Observe(w.hook), notify.OnError(func(context.Context, *notify.Error) {}))
	runs := 0
	r.Otherwise(func(ctx context.Context, _ *notify.Notification) error {
		_, span := w.tracers.Tracer("test").Start(ctx, "book")
		span.End()
		if runs++; runs == 1 {
			return errors.New("no place for " + openid)
		}
		return nil
	})
	if err := s.Receive("https://yourapp.com", r); err != nil {
		t.Fatal(err)
	}
	token, err := presign(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Payer(openid).Agree(token); err != nil {
		t.Fatal(err)
	}
	if err := s.Advance(time.Hour); err != nil {
		t.Fatal(err)
	}
	pushes, err := s.Pushes()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Redeliver(pushes[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := s.Settle(); err != nil {
		t.Fatal(err)
	}
	const event = "wxpay.event_type=ECOMMERCE_ENTRUST.SIGN wxpay.outcome="
	want := []string{
		"wxpay.notification.duration{error.type=handler http.response.status_code=500 " + event +
			"refused wxpay.repeated=false} 1",
		"wxpay.notification.duration{error.type=signature http.response.status_code=401 wxpay.event_type= " +
			"wxpay.outcome=refused wxpay.repeated=false} 1",
		"wxpay.notification.duration{http.response.status_code=204 " + event + "succeeded wxpay.repeated=false} 1",
		"wxpay.notification.duration{http.response.status_code=204 " + event + "succeeded wxpay.repeated=true} 1",
	}
	got := slices.DeleteFunc(w.series(t), func(s string) bool { return !strings.HasPrefix(s, "wxpay.notification") })
	if !slices.Equal(got, want) {
		t.Errorf("metrics %q, want %q", got, want)
	}
	parents := map[trace.SpanID]string{}
	for _, span := range w.spans.Ended() {
		parents[span.SpanContext().SpanID()] = span.Name()
	}
	for _, span := range w.spans.Ended() {
		if parent := parents[span.Parent().SpanID()]; span.Name() == "book" &&
			parent != "notification ECOMMERCE_ENTRUST.SIGN" {
			t.Errorf("what the function began is a child of %q", parent)
		}
	}
}

// Neither spans nor metrics name a payer, a number or a key.
func TestNothingNamesAnybody(t *testing.T) {
	t.Parallel()
	const number = "T20260301x77"
	w := newWatch()
	for _, f := range []fault.Fault{{Name: fault.Latency, Skip: 99}, {Name: fault.Error, Times: -1}, {Name: fault.Cut},
		{Name: fault.Gateway}, {Name: fault.BadSignature},
		{Name: fault.Error, Status: 400, Code: "PARAM_ERROR", Message: "bad " + openid}} {
		f.Endpoint = "*"
		s, c := started(t, w, f)
		_, _ = c.Chain("v3/papay/contracts/"+openid).Get(t.Context(), wxpay.Query("openid", openid))
		_, _ = c.Chain("v3/pay/transactions/out-trade-no/{out_trade_no}").Get(t.Context(),
			wxpay.Path("out_trade_no", number))
		_, _ = c.Chain("v3/transfer/batches").Post(t.Context(), map[string]string{"openid": openid, "name": "张三丰"},
			wxpay.Encrypt("/name"))
		_ = s
	}
	raw, err := json.Marshal(tracetest.SpanStubsFromReadOnlySpans(w.spans.Ended()))
	if err != nil {
		t.Fatal(err)
	}
	all := string(raw) + strings.Join(w.series(t), "\n")
	for _, secret := range []string{openid, number, "张三丰", sandbox.New(t).ClientConfig().APIv3Key.Reveal()} {
		if strings.Contains(all, secret) {
			t.Errorf("they have %q", secret)
		}
	}
	for _, s := range w.series(t) {
		if strings.Contains(s, "request_id") {
			t.Errorf("an id is a label: %s", s)
		}
	}
}

// OpenTelemetry's own providers, set by one line each in your program, take it all.
func ExampleHook() {
	s, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	spans := tracetest.NewSpanRecorder()
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))

	cfg := s.ClientConfig()
	cfg.Hook = otelwxpay.Hook(otelwxpay.TracerProvider(tracers)) // or otelwxpay.Hook(), for the global ones
	c, err := wxpay.New(cfg)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := presign(context.Background(), c); err != nil {
		log.Fatal(err)
	}
	fmt.Println(spans.Ended()[0].Name())
	// Output: POST v3/ecommerce/combine-papay/contracts/pre-entrust-sign
}

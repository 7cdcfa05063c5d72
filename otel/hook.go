package otelwxpay

import (
	"context"
	"net"
	"strconv"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/wxpay-go/wxpay"
)

// scope names this package to OpenTelemetry.
const scope = "github.com/wxpay-go/wxpay/otel"

// Option sets one thing of a [Hook]. A nil Option is ignored.
type Option func(*hook)

// TracerProvider takes the spans, in place of OpenTelemetry's global one.
func TracerProvider(p trace.TracerProvider) Option {
	return func(h *hook) {
		if p != nil {
			h.tracers = p
		}
	}
}

// MeterProvider takes the metrics, in place of OpenTelemetry's global one.
func MeterProvider(p metric.MeterProvider) Option {
	return func(h *hook) {
		if p != nil {
			h.meters = p
		}
	}
}

// Hook traces and counts. It takes OpenTelemetry's global providers where no option names others;
// those may be set later. One that is made may serve any number of clients and receivers.
func Hook(options ...Option) wxpay.Hook {
	h := &hook{tracers: otel.GetTracerProvider(), meters: otel.GetMeterProvider()}
	for _, o := range options {
		if o != nil {
			o(h)
		}
	}
	h.tracer = h.tracers.Tracer(scope)
	meter := h.meters.Meter(scope)
	h.calls = seconds(meter, "wxpay.client.call.duration",
		"Duration of calls of WeChat Pay, their attempts and pauses included.")
	h.attempts = seconds(meter, "http.client.request.duration", "Duration of HTTP client requests.")
	h.notifications = seconds(meter, "wxpay.notification.duration",
		"Duration of notifications of WeChat Pay, from their arrival to their answer.")
	return h.told
}

type hook struct {
	tracers trace.TracerProvider
	meters  metric.MeterProvider

	tracer                         trace.Tracer
	calls, attempts, notifications metric.Float64Histogram
}

// bounds are those that OpenTelemetry's conventions advise for HTTP, and two more for calls that
// were repeated.
var bounds = metric.WithExplicitBucketBoundaries(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5,
	7.5, 10, 30, 60)

func seconds(m metric.Meter, name, description string) metric.Float64Histogram {
	h, err := m.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(description), bounds)
	if err != nil {
		otel.Handle(err)
	}
	return h
}

// begun is the key under which the context of a beginning has its span. A span of somebody else's
// may be laid over it.
type begun struct{}

func (h *hook) told(ctx context.Context, s wxpay.Step) context.Context {
	span, _ := ctx.Value(begun{}).(trace.Span)
	switch s.Stage {
	case wxpay.CallBegins:
		ctx, span = h.tracer.Start(ctx, s.Method+" "+s.Operation, trace.WithSpanKind(trace.SpanKindClient),
			trace.WithAttributes(ofOperation(s)...))
		return context.WithValue(ctx, begun{}, span)
	case wxpay.NotificationBegins:
		ctx, span = h.tracer.Start(ctx, "notification", trace.WithSpanKind(trace.SpanKindConsumer))
		return context.WithValue(ctx, begun{}, span)
	case wxpay.AttemptEnds:
		labels := append(ofOperation(s), ofAnswer(s)...)
		h.attempts.Record(ctx, s.Duration.Seconds(), metric.WithAttributes(labels...))
		if span != nil {
			span.AddEvent("attempt", trace.WithAttributes(append(ofAnswer(s), attribute.Int("wxpay.attempt", s.Attempt),
				attribute.Float64("wxpay.duration", s.Duration.Seconds()))...))
		}
	case wxpay.CallEnds:
		labels := append(ofOperation(s), ofAnswer(s)...)
		h.calls.Record(ctx, s.Duration.Seconds(), metric.WithAttributes(labels...))
		h.end(span, s, append(ofAnswer(s), attribute.Int("wxpay.attempts", s.Attempt)))
	case wxpay.NotificationEnds:
		labels := append(ofAnswer(s), attribute.String("wxpay.event_type", s.Operation),
			attribute.Bool("wxpay.repeated", s.Repeated))
		h.notifications.Record(ctx, s.Duration.Seconds(), metric.WithAttributes(labels...))
		if span != nil && s.Operation != "" {
			span.SetName("notification " + s.Operation)
		}
		h.end(span, s, labels)
	}
	return ctx
}

// end ends a span. What failed is said by attributes, and of calls by the words of the error, which
// name nobody.
func (h *hook) end(span trace.Span, s wxpay.Step, attributes []attribute.KeyValue) {
	if span == nil {
		return
	}
	if s.RequestID != "" {
		attributes = append(attributes, attribute.String("wxpay.request_id", s.RequestID))
	}
	span.SetAttributes(attributes...)
	if s.Outcome != wxpay.StepSucceeded {
		span.SetStatus(codes.Error, s.Problem())
	}
	span.End()
}

func ofOperation(s wxpay.Step) []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("http.request.method", s.Method), attribute.String("url.template", s.Operation),
	}
}

// ofAnswer is what came of a step, in few values.
func ofAnswer(s wxpay.Step) []attribute.KeyValue {
	out := []attribute.KeyValue{attribute.String("wxpay.outcome", string(s.Outcome))}
	if name, port, err := net.SplitHostPort(s.Host); err == nil {
		number, _ := strconv.Atoi(port) // it was connected to
		out = append(out, attribute.String("server.address", name), attribute.Int("server.port", number))
	} else if s.Host != "" {
		out = append(out, attribute.String("server.address", s.Host), attribute.Int("server.port", 443))
	}
	if s.Status != 0 {
		out = append(out, attribute.Int("http.response.status_code", s.Status))
	}
	if kind := kindOf(s); kind != "" {
		out = append(out, attribute.String("error.type", kind))
	}
	return out
}

// kindOf is error.type: WeChat Pay's code, the check that failed, or that no answer came.
func kindOf(s wxpay.Step) string {
	switch {
	case s.Outcome == wxpay.StepSucceeded:
		return ""
	case s.Code != "":
		return s.Code
	case s.Check != "":
		return string(s.Check)
	case s.Outcome == wxpay.StepNotSent:
		return "not_sent"
	case s.Status == 0:
		return "no_answer"
	}
	return "no_code"
}

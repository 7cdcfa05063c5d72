package wxpay

import (
	"context"
	"log/slog"
	"time"
)

// LogTo is a [Hook] that writes a line for every call and every notification that ended: at level
// Info where it succeeded, Warn where it was refused or not sent, Error where what became of a call
// is unknown, or a notification was not handled by this side's fault. Each attempt of a call is a
// line at level Debug, whatever it came to. nil is [log/slog.Default], asked at every line.
//
// A line has operation, method, host, status, code, outcome, attempts, duration and request_id, and
// the error's words without the path; of a notification event_type, status, check, repeated and
// duration. It has no value of a path, no body, no key and no signature.
func LogTo(logger *slog.Logger) Hook {
	return func(ctx context.Context, s Step) context.Context {
		to := logger
		if to == nil {
			to = slog.Default()
		}
		level := s.level()
		if s.Stage == CallBegins || s.Stage == NotificationBegins || !to.Enabled(ctx, level) {
			return ctx
		}
		message, attrs := s.line()
		to.LogAttrs(ctx, level, message, attrs...)
		return ctx
	}
}

func (s Step) level() slog.Level {
	switch {
	case s.Stage == AttemptEnds:
		return slog.LevelDebug
	case s.Outcome == StepUnknown, s.Stage == NotificationEnds && s.Status >= 500:
		return slog.LevelError
	case s.Outcome != StepSucceeded:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// line is what is logged of a step.
func (s Step) line() (message string, attrs []slog.Attr) {
	text := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	if s.Stage == NotificationEnds {
		text("event_type", s.Operation)
	} else {
		text("operation", s.Operation)
	}
	text("method", s.Method)
	text("host", s.Host)
	if s.Status != 0 {
		attrs = append(attrs, slog.Int("status", s.Status))
	}
	text("code", s.Code)
	text("check", string(s.Check))
	text("outcome", string(s.Outcome))
	switch s.Stage {
	case AttemptEnds:
		message = "WeChat Pay call, one attempt"
		attrs = append(attrs, slog.Int("attempt", s.Attempt))
	case CallEnds:
		message = "WeChat Pay call"
		attrs = append(attrs, slog.Int("attempts", s.Attempt))
	default:
		message = "WeChat Pay notification"
		attrs = append(attrs, slog.Bool("repeated", s.Repeated))
	}
	attrs = append(attrs, slog.Duration("duration", s.Duration.Round(time.Microsecond)))
	text("request_id", s.RequestID)
	text("error", s.Problem())
	return message, attrs
}

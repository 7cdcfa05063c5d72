package otelwxpay_test

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox/fault"
)

// exported is what Prometheus has of the metrics once there was a call, a failure and a
// notification: the names, and the labels of each.
func exported(t *testing.T) map[string][]string {
	t.Helper()
	w := newWatch()
	s, c := started(t, w, fault.Fault{Name: fault.Error, Endpoint: "*"})
	r := notify.New(s.Keys(), notify.Observe(w.hook), notify.OnError(func(context.Context, *notify.Error) {}))
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
	if err := s.Settle(); err != nil {
		t.Fatal(err)
	}
	_, _ = c.Chain("v3/pay/transactions/id/{transaction_id}").Get(t.Context(), wxpay.Path("transaction_id", "none"))
	var data metricdata.ResourceMetrics
	if err := w.reader.Collect(t.Context(), &data); err != nil {
		t.Fatal(err)
	}
	plain := strings.NewReplacer(".", "_")
	out := map[string][]string{}
	for _, scope := range data.ScopeMetrics {
		for _, m := range scope.Metrics {
			// https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
			name := plain.Replace(m.Name) + "_seconds"
			labels := []string{"le"}
			for _, p := range m.Data.(metricdata.Histogram[float64]).DataPoints {
				for _, a := range p.Attributes.ToSlice() {
					labels = append(labels, plain.Replace(string(a.Key)))
				}
			}
			for _, part := range []string{"_bucket", "_count", "_sum"} {
				out[name+part] = labels
			}
		}
	}
	return out
}

var (
	aMetric  = regexp.MustCompile(`([a-z_]+_seconds_(?:bucket|count|sum))(?:\{([^}]*)\})?`)
	aMatcher = regexp.MustCompile(`([a-z_]+)(=~|!~|!=|=)"([^"]*)"`)
	aName    = regexp.MustCompile(`\b(?:wxpay|http|server|url)_[a-z_]+\b`)
	aBlock   = regexp.MustCompile("(?s)```yaml\n.*?```")
	grouping = regexp.MustCompile(`by \(([^)]*)\)`)
)

// The page of alert rules names metrics, labels and outcomes that there are, and every metric.
func TestAlertRulesNameWhatIsExported(t *testing.T) {
	t.Parallel()
	metrics := exported(t)
	outcomes := []string{string(wxpay.StepSucceeded), string(wxpay.StepRefused), string(wxpay.StepUnknown),
		string(wxpay.StepNotSent)}
	for _, page := range []string{"../docs/operations.md", "../docs/zh/operations.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		named := map[string]bool{}
		var labels []string
		for _, m := range aMetric.FindAllStringSubmatch(string(text), -1) {
			has := metrics[m[1]]
			if has == nil {
				t.Errorf("%s: %s is not exported", page, m[1])
				continue
			}
			named[m[1][:strings.LastIndex(m[1], "_")]] = true
			labels = append(labels, has...)
			for _, l := range aMatcher.FindAllStringSubmatch(m[2], -1) {
				if !slices.Contains(has, l[1]) {
					t.Errorf("%s: %s has no label %s", page, m[1], l[1])
				}
				if l[1] == "wxpay_outcome" && !slices.Contains(outcomes, l[3]) {
					t.Errorf("%s: there is no outcome %s", page, l[3])
				}
			}
		}
		rules := aBlock.FindString(string(text))
		for _, name := range aName.FindAllString(rules, -1) {
			if metrics[name] == nil && !slices.Contains(labels, name) {
				t.Errorf("%s: the rules name %s, which is neither a metric nor a label", page, name)
			}
		}
		for _, by := range grouping.FindAllStringSubmatch(string(text), -1) {
			for label := range strings.SplitSeq(by[1], ", ") {
				if !slices.Contains(labels, label) {
					t.Errorf("%s: there is no label %s", page, label)
				}
			}
		}
		if 3*len(named) != len(metrics) {
			t.Errorf("%s names %d metrics of %d", page, len(named), len(metrics)/3)
		}
	}
}

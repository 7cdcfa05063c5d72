package catalogue_test

import (
	"reflect"
	"sync"
	"testing"

	"github.com/wxpay-go/wxpay/catalogue"
)

func unpacked(tb testing.TB) *catalogue.Catalogue {
	tb.Helper()
	c, err := catalogue.Unpack(catalogue.Packed())
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// What programs get is what the files of data/ say, to the last field.
func TestDefaultIsWhatTheFilesSay(t *testing.T) {
	t.Parallel()
	want, err := catalogue.Load(embeddedFiles(t))
	if err != nil {
		t.Fatal(err)
	}
	got := unpacked(t)
	if reflect.DeepEqual(got, want) {
		return
	}
	for _, o := range want.Operations() {
		if !reflect.DeepEqual(got.Operation(o.ID()), o) {
			t.Logf("%s differs", o.ID())
		}
	}
	t.Error("the catalogue that is compiled in is not what data/ says: run go run ./internal/gen")
}

// A part of the catalogue would route and check like a whole one, so there is none.
func TestUnpackTakesAllOrNothing(t *testing.T) {
	t.Parallel()
	packed := catalogue.Packed()
	for n := 0; n < len(packed); n += 4001 {
		if c, err := catalogue.Unpack(packed[:n]); err == nil || c != nil {
			t.Fatalf("the first %d bytes are a catalogue: %v", n, err)
		}
	}
	for name, damaged := range map[string]string{
		"without its last byte": packed[:len(packed)-1],
		"with one more":         packed + "\x00",
		"without its first":     packed[1:],
	} {
		if _, err := catalogue.Unpack(damaged); err == nil {
			t.Errorf("%s it is read", name)
		}
	}
}

// A pattern is compiled when a value is first checked, which many may do at once.
func TestPatternsAreCompiledOnce(t *testing.T) {
	t.Parallel()
	field := &catalogue.Field{}
	for _, o := range unpacked(t).Operations() {
		if o.Body != nil {
			for _, f := range o.Body.Fields {
				if f.Pattern != "" && f.Enum == nil && f.Format == "" {
					field = f
				}
			}
		}
	}
	if field.Pattern == "" {
		t.Fatal("no field has a pattern")
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if v := field.CheckText("/"+field.Name, "\t!"); v == nil {
				t.Errorf("%s takes what is not %s", field.Name, field.Pattern)
			}
		})
	}
	all.Wait()
}

func FuzzUnpack(f *testing.F) {
	f.Add("")
	f.Add("\x00\x00\x00")
	f.Fuzz(func(t *testing.T, packed string) {
		c, err := catalogue.Unpack(packed)
		if err != nil {
			return
		}
		for _, o := range c.Operations() {
			if c.Operation(o.ID()) != o {
				t.Fatalf("%s cannot be found", o.ID())
			}
		}
	})
}

func BenchmarkDefault(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		unpacked(b)
	}
}

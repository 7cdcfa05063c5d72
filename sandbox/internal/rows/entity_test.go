package rows

import (
	"fmt"
	"testing"
)

// No two lists of parts make the same name, whatever merchants have in their numbers.
func TestNamesOfPartsAreTheirOwn(t *testing.T) {
	t.Parallel()
	texts := []string{""}
	for from := 0; len(texts[from]) < 3; from++ {
		for _, c := range []string{"a", "|", `\`} {
			texts = append(texts, texts[from]+c)
		}
	}
	made := map[string]string{}
	add := func(parts ...string) {
		name, of := Joined(parts...), fmt.Sprintf("%q", parts)
		if other, ok := made[name]; ok {
			t.Errorf("%s and %s are both %s", of, other, name)
		}
		made[name] = of
	}
	for _, one := range texts {
		add(one)
		for _, two := range texts {
			add(one, two)
			add(one, two, "S")
		}
	}
	if want := len(texts) + 2*len(texts)*len(texts); len(made) != want {
		t.Errorf("tried %d names, want %d", len(made), want)
	}
}

package sandbox_test

import (
	"os"
	"strings"
	"testing"
)

// docs/sdks.md names the appids and plans that a sandbox begins with, and so does its Chinese twin.
func TestTheRecipesNameWhatThereIs(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"../docs/sdks.md", "../docs/zh/sdks.md"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range newWorld(t).Merchants() {
			names := append([]string{m.MchID}, m.AppIDs...)
			for _, p := range m.Plans {
				names = append(names, p.ID, p.NotifyURL)
			}
			for _, n := range names {
				if !strings.Contains(string(text), "`"+n+"`") {
					t.Errorf("%s does not name %s", name, n)
				}
			}
		}
	}
}

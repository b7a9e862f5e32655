package conformancetest

import "testing"

func TestSelectionIsThatOfGoTest(t *testing.T) {
	const name = "TestContract/requestSample/auth/refuses-basic-credentials"
	for _, row := range []struct {
		run, skip string
		want      bool
		why       string
	}{
		{"", "", true, "no pattern"},
		{"TestContract", "", true, "what is below a match"},
		{"^TestContract$/^requestSample$/^auth$/^refuses-basic-credentials$", "", true, "each element"},
		{"TestContract/requestSample", "", true, "the first elements"},
		{"TestContract/stop", "", false, "another element"},
		{"TestContract//basic", "", false, "the third element is auth"},
		{"TestContract///basic", "", true, "empty elements match all"},
		{"TestOther|TestContract/requestSample", "", true, "an alternative"},
		{"TestOther|TestContract/stop", "", false, "no alternative"},
		{"Test(Contract|Other)/(requestSample|stop)", "", true, "a bar within parentheses"},
		{"Test[C/|]ontract", "", true, "signs within brackets"},
		{`Test\/x`, "", false, "a sign that is escaped"},
		{"", "TestContract", false, "what is below what is skipped"},
		{"", "TestContract/requestSample/auth", false, "the first elements"},
		{"", "TestContract/requestSample/auth/refuses-basic-credentials/more", true, "what is skipped is below"},
		{"", "TestContract/stop", true, "another element"},
		{"TestContract", "///basic", false, "both"},
	} {
		if got := (matcher{patterns(row.run), patterns(row.skip)}).selects(name); got != row.want {
			t.Errorf("-run %q -skip %q: want %v, got %v: %s", row.run, row.skip, row.want, got, row.why)
		}
	}
}

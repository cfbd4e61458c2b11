package main

import (
	"io"
	"strings"
	"testing"

	"idleshift/metrics/verify"
)

// A case that does not agree must fail the command: a check in somebody's
// pipeline rests on its exit code.
func TestCasesThatDoNotAgreeFail(t *testing.T) {
	p := &program{started: true, out: io.Discard, err: io.Discard}
	if err := p.report(&verifyFlags{}, &verify.Report{Cases: 3, Agree: 3}); err != nil {
		t.Error(err)
	}
	for _, f := range []verifyFlags{{}, {quiet: true}, {json: true}} {
		err := p.report(&f, &verify.Report{Cases: 3, Agree: 2, Verdicts: []verify.Verdict{{Name: "case"}}})
		if err == nil || !strings.Contains(err.Error(), "1 of 3") || p.code(err) != exitFailure {
			t.Errorf("%+v: %v, exit code %d", f, err, p.code(err))
		}
	}
}

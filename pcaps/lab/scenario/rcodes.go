package scenario

import (
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
)

// RCodes are the scenarios about response codes.
func RCodes() []stage.Scenario {
	return nil
}

// Package pcaps holds sample captures.
package pcaps

package diagnose

import "slices"

// IDs returns the IDs of all rules, in alphabetical order: those that findings can have.
func IDs() []string {
	var all []string
	for _, r := range rules() {
		all = append(all, r.id)
	}
	slices.Sort(all)
	return all
}

package hostile

// NotQueries says of the entries in groups H, N, R, O and T of the catalogue without a case why no single query can have them.
// The map is the caller's.
func NotQueries() map[string]string {
	const response = "is seen in responses only"
	reasons := map[string]string{
		"H03": response,
		"H19": "shows over many queries of one client",
		"H20": response,
		"N03": "a label longer than 63 octets cannot be coded: its length byte is N01 or N02",
		"O33": "shows in what follows a response",
		"O34": "shows in what follows a response",
		"O37": "shows over many queries of one client",
		"T13": response,
		"T14": response,
	}
	for _, id := range []string{
		"R24", "O05", "O06", "O10", "O16", "O17", "O18", "O19", "O22", "O27", "O28", "O29", "O30", "O31", "O32", "O35", "O36",
	} {
		reasons[id] = response
	}
	return reasons
}

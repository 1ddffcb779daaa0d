package anomaly

// nameEntries are about names and their compression.
var nameEntries = []entry{
	1:  {Malformed, Message, Either, Client | Attack | NotDNS, "label-type-01", "RFC 6891 section 5, RFC 1035 section 4.1.4", "A label starts with the bits 01, those of the extended label types, none of which is in use."},
	2:  {Malformed, Message, Either, Attack | NotDNS, "label-type-10", "RFC 1035 section 4.1.4", "A label starts with the bits 10, which are reserved."},
	3:  {Malformed, Undecidable, Either, Client | Server, "label-too-long", "RFC 1035 section 2.3.4", "A label is longer than 63 bytes."},
	4:  {Malformed, Message, Either, Attack | Client, "name-too-long", "RFC 1035 section 2.3.4", "A name is longer than 255 bytes when its compression is undone."},
	5:  {Malformed, Message, Either, Attack, "ptr-loop", "RFC 1035 section 4.1.4", "A compression pointer leads back to itself."},
	6:  {Malformed, Message, Either, Server | Attack, "ptr-forward", "RFC 1035 section 4.1.4", "A compression pointer does not point to an earlier name."},
	7:  {Malformed, Message, Either, Server | Attack, "ptr-into-header", "RFC 1035 section 4.1.4", "A compression pointer points into the header, where no name is."},
	8:  {Suspicious, Message, Either, Server | Attack, "ptr-mid-label", "RFC 1035 section 4.1.4", "A compression pointer points at a byte where no label of an earlier name starts; sound responses are not searched."},
	9:  {Malformed, Message, Either, Middlebox | Server | Attack, "ptr-out-of-bounds", "RFC 1035 section 4.1.4", "A compression pointer points past the end of the message."},
	10: {Malformed, Message, Either, Middlebox | Attack, "ptr-cut", "RFC 1035 section 4.1.4", "The message ends between the two bytes of a compression pointer."},
	11: {Malformed, Message, Either, Middlebox | NotDNS | Attack, "label-past-end", "RFC 1035 section 3.1", "A label is longer than what is left of the message."},
	12: {Malformed, Message, Either, Middlebox | NotDNS | Attack, "no-root", "RFC 1035 section 3.1", "The message ends before the empty label that ends a name."},
	13: {Violation, Message, Query, Client | Attack, "qname-compressed", "RFC 1035 section 4.1.4", "The name asked for is compressed, though no name comes before it."},
	14: {Malformed, Message, Either, Attack, "chain-depth", "RFC 1035 section 4.1.4", "A name takes more compression pointers than any name has labels."},
	15: {Info, Message, Either, Client | Attack, "odd-octets", "RFC 2181 section 11", "A label has bytes that host names lack: control characters, spaces, punctuation of URLs, or bytes outside ASCII."},
	16: {Info, Message, Query, Client, "local-name", "RFC 6761 section 6, RFC 4697 section 2.9, RFC 6303 section 4", "The name asked for means nothing outside its own network: a single label, an address as a name, or the reverse of a private address."},
}

package anomaly

// updateEntries are about what changes and copies zones.
var updateEntries = []entry{
	1:  {Malformed, Message, Query, Client, "zone-count", "RFC 2136 section 3.1.1", "An UPDATE does not name exactly one zone."},
	2:  {Malformed, Message, Query, Client, "zone-type-not-soa", "RFC 2136 section 3.1.1", "The zone of an UPDATE has a type other than SOA."},
	3:  {Violation, Message, Query, Client, "zone-class", "RFC 2136 section 2.3", "The zone of an UPDATE has class ANY or NONE, which no zone has."},
	4:  {Suspicious, Pair, Response, Client | Server, "not-auth-for-zone", "RFC 2136 section 3.1.1", "The server is not authoritative for the zone that it is to change."},
	5:  {Malformed, Message, Query, Client, "prereq-ttl", "RFC 2136 section 3.2", "A prerequisite of an UPDATE has a TTL other than 0."},
	6:  {Malformed, Message, Query, Client, "prereq-rdata", "RFC 2136 section 3.2.1, RFC 2136 section 3.2.2", "A prerequisite of class ANY or NONE has data."},
	7:  {Violation, Message, Query, Client, "prereq-out-of-zone", "RFC 2136 section 3.2", "A prerequisite of an UPDATE is about a name outside the zone."},
	8:  {Info, Pair, Response, Client, "prereq-unmet", "RFC 2136 section 3.2", "A prerequisite of the UPDATE does not hold: the code is about that, and does not deny a name."},
	9:  {Violation, Message, Query, Client, "update-out-of-zone", "RFC 2136 section 3.4.1", "An UPDATE is to change a name outside its zone."},
	10: {Malformed, Message, Query, Client, "update-meta-type", "RFC 2136 section 3.4.1", "A record of an UPDATE has a type, TTL or data that its class does not allow."},
	11: {Malformed, Message, Query, Client, "update-bad-class", "RFC 2136 section 3.4.1", "A record of an UPDATE has a class other than that of the zone, ANY or NONE."},
	12: {Suspicious, Pair, Response, Client, "update-not-for-server", "RFC 4697 section 2.8, RFC 2136 section 3.1.1", "The UPDATE went to a server that changes no zones, such as a resolver."},
	13: {Suspicious, Pair, Response, Client | Server, "update-refused", "RFC 2136 section 3.3, RFC 3007 section 2", "The server does not let this client change the zone."},
	14: {Violation, Message, Either, Client | Server, "notify-bad", "RFC 1996 section 3.7", "A NOTIFY does not name one zone, or its response has records."},
	15: {Violation, Message, Query, Client | Attack, "axfr-over-udp", "RFC 5936 section 4.2", "A full zone transfer is asked for over UDP."},
	16: {Violation, Message, Query, Client, "ixfr-soa", "RFC 1995 section 3", "An incremental transfer is asked for without the one SOA record that says from where on."},
	17: {Suspicious, Pair, Response, Client | Server, "xfr-denied", "RFC 5936 section 2.2.1, RFC 5936 section 5", "The server does not give this client the zone."},
	18: {Violation, Pair, Response, Network | Server, "xfr-stream-anomaly", "RFC 5936 section 2.2", "A zone transfer does not start with the SOA record of the zone."},
}

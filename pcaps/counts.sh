#!/usr/bin/env bash
# Print what tshark counts in a capture, as JSON in the words of dnssniff's report: the counts in the descriptions.
#
#   pcaps/counts.sh FILE          (Debian: tshark, python3)
#
# Counted are DNS messages on port 53 over UDP and TCP, not those that an ICMP error quotes. RCODEs have their 12 bits. Question
# types, names and EDNS are of queries, EDNS only of those that tshark does not call malformed and that have one OPT (RFC 6891). The errors of
# TSIG and TKEY, and EDE, are of responses. short_dns are payloads of 1 to 11 bytes. Servers are who is asked, and who answers from
# port 53. mDNS and LLMNR are counted by their ports.
set -euo pipefail
[ $# = 1 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
tshark -n -r "$1" -o tcp.desegment_tcp_streams:TRUE -T pdml 2>/dev/null | python3 -c '
import collections, json, sys
import xml.etree.ElementTree as ET
RCODES = dict(enumerate("NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED YXDOMAIN YXRRSET NXRRSET NOTAUTH NOTZONE DSOTYPENI".split()))
RCODES |= dict(enumerate("BADVERS BADKEY BADTIME BADMODE BADNAME BADALG BADTRUNC BADCOOKIE".split(), 16))
ERRORS = RCODES | {16: "BADSIG"}
OPCODES = {0: "QUERY", 1: "IQUERY", 2: "STATUS", 4: "NOTIFY", 5: "UPDATE", 6: "DSO"}
TYPES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 10: "NULL", 12: "PTR", 13: "HINFO", 15: "MX", 16: "TXT", 17: "RP", 18: "AFSDB", 24: "SIG", 25: "KEY", 28: "AAAA",
         29: "LOC", 33: "SRV", 35: "NAPTR", 36: "KX", 37: "CERT", 38: "A6", 39: "DNAME", 41: "OPT", 42: "APL", 43: "DS", 44: "SSHFP", 45: "IPSECKEY", 46: "RRSIG",
         47: "NSEC", 48: "DNSKEY", 49: "DHCID", 50: "NSEC3", 51: "NSEC3PARAM", 52: "TLSA", 53: "SMIMEA", 55: "HIP", 59: "CDS", 60: "CDNSKEY", 61: "OPENPGPKEY",
         62: "CSYNC", 63: "ZONEMD", 64: "SVCB", 65: "HTTPS", 99: "SPF", 108: "EUI48", 109: "EUI64", 128: "NXNAME", 249: "TKEY", 250: "TSIG", 251: "IXFR", 252: "AXFR",
         253: "MAILB", 254: "MAILA", 255: "ANY", 256: "URI", 257: "CAA", 258: "AVC", 259: "DOA", 260: "AMTRELAY", 261: "RESINFO", 32768: "TA", 32769: "DLV"}
OPTIONS = dict(enumerate("LLQ UL NSID 4 DAU DHU N3U ECS EXPIRE COOKIE TCP-KEEPALIVE PADDING CHAIN KEY-TAG EDE CLIENT-TAG SERVER-TAG REPORT-CHANNEL ZONEVERSION".split(), 1))
C = collections.Counter
read, m, rcodes, opcodes, qtypes, edns, short = 0, C(), C(), C(), C(), C(), 0
truncated, clients, servers, names = 0, set(), set(), set()
tsig, tkey, ede, versions, sizes, options = C(), C(), C(), C(), C(), C()

def shows(node, name):
    return [f.get("show") for f in node.iter("field") if f.get("name") == name]

for _, packet in ET.iterparse(sys.stdin.buffer):
    if packet.tag != "packet":
        continue
    read += 1
    protos = packet.findall("proto")
    kinds = [p.get("name") for p in protos]
    ports = [int(v) for p in protos for n in ("udp.port", "tcp.port") if p.get("name") == n[:3] for v in shows(p, n)]
    for other in "mdns", "llmnr":
        m[other] += other in kinds and "icmp" not in kinds and "icmpv6" not in kinds
    if "icmp" not in kinds and "icmpv6" not in kinds and 53 in ports:
        bad = "_ws.malformed" in kinds
        ip = [p for p in protos if p.get("name") in ("ip", "ipv6")][-1]
        version = ip.get("name").replace("ip", "") or "4"
        src, dst = (shows(ip, ip.get("name") + "." + end)[0] for end in ("src", "dst"))
        for d in (p for p in protos if p.get("name") == "dns"):
            if int(d.get("size")) < 12:
                short += 1
                continue
            flags = int(shows(d, "dns.flags")[0], 16)
            answer = flags >> 15
            m.update(["total", "responses" if answer else "queries", "tcp" if "tcp" in kinds else "udp", "ipv4" if version == "4" else "ipv6"])
            opts = [f for f in d.iter("field") if any(t == "41" for t in [c.get("show") for c in f.findall("field") if c.get("name") == "dns.resp.type"])]
            if answer:
                high = int(shows(opts[0], "dns.resp.ext_rcode")[0], 0) if opts else 0
                code = flags & 15 | high << 4
                servers.update([src] if ports[0] == 53 else [])
                rcodes[RCODES.get(code, f"RCODE{code}")] += 1
                truncated += flags >> 9 & 1
                edns["responses"] += bool(opts)
                ede.update(shows(d, "dns.opt.ext_error.info_code"))
                for counter, field in (tsig, "dns.tsig.error"), (tkey, "dns.tkey.error"):
                    counter.update(ERRORS.get(int(e), e) for e in shows(d, field) if int(e))
                continue
            clients.add(src), servers.add(dst)
            code = flags >> 11 & 15
            opcodes[OPCODES.get(code, f"OPCODE{code}")] += 1
            types = shows(d, "dns.qry.type")
            for t in types:
                qtypes[TYPES.get(int(t), f"TYPE{t}")] += 1
            names.update(n.lower() for n in shows(d, "dns.qry.name")[:1] if types)
            if not bad and len(opts) == 1:
                edns["queries"] += 1
                edns["do"] += int(shows(opts[0], "dns.resp.z.do")[0] in ("1", "True"))
                versions.update(shows(opts[0], "dns.resp.edns0_version"))
                sizes.update(shows(opts[0], "dns.rr.udp_payload_size"))
                options.update(OPTIONS.get(int(o), f"OPTION{o}") for o in shows(opts[0], "dns.opt.code"))
    packet.clear()
order = lambda c: {k: n for k, n in sorted(c.items()) if n}
print(json.dumps({
    "packets": {"read": read, "short_dns": short}, "messages": order(m), "rcodes": order(rcodes), "tsig_errors": order(tsig), "tkey_errors": order(tkey),
    "ede": order(ede), "opcodes": order(opcodes), "qtypes": order(qtypes), "truncated_responses": truncated,
    "edns": order(edns) | {"versions": order(versions), "udp_sizes": order(sizes), "options": order(options)},
    "distinct": {"clients": len(clients), "servers": len(servers), "names": len(names)},
}, indent=1))'

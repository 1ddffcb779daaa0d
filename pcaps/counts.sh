#!/usr/bin/env bash
# Print what tshark counts in a capture, as JSON in the words of dnssniff's report: the truth that office.json holds.
#
#   pcaps/counts.sh FILE          (Debian: tshark, python3)
#
# Counted are DNS messages on port 53 over UDP and TCP, not those that an ICMP error quotes. RCODEs have their 12 bits. Question
# types, names and EDNS are of queries, EDNS only of those that tshark does not call malformed and that have one OPT (RFC 6891).
# short_dns are payloads of 1 to 11 bytes.
set -euo pipefail
[ $# = 1 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
tshark -n -r "$1" -o tcp.desegment_tcp_streams:TRUE -T pdml 2>/dev/null | python3 -c '
import collections, json, sys
import xml.etree.ElementTree as ET
RCODES = dict(enumerate("NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED YXDOMAIN YXRRSET NXRRSET NOTAUTH NOTZONE".split())) | {16: "BADVERS", 23: "BADCOOKIE"}
OPCODES = {0: "QUERY", 1: "IQUERY", 2: "STATUS", 4: "NOTIFY", 5: "UPDATE", 6: "DSO"}
TYPES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 10: "NULL", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV", 35: "NAPTR", 43: "DS", 48: "DNSKEY",
         64: "SVCB", 65: "HTTPS", 252: "AXFR", 255: "ANY", 257: "CAA"}
C = collections.Counter
read, m, rcodes, opcodes, qtypes, edns, short = 0, C(), C(), C(), C(), C(), 0
truncated, clients, servers, names = 0, set(), set(), set()

def shows(node, name):
    return [f.get("show") for f in node.iter("field") if f.get("name") == name]

for _, packet in ET.iterparse(sys.stdin.buffer):
    if packet.tag != "packet":
        continue
    read += 1
    protos = packet.findall("proto")
    kinds = [p.get("name") for p in protos]
    ports = [int(v) for p in protos for n in ("udp.port", "tcp.port") if p.get("name") == n[:3] for v in shows(p, n)]
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
                rcodes[RCODES.get(code, f"RCODE{code}")] += 1
                truncated += flags >> 9 & 1
                edns["responses"] += bool(opts)
                continue
            clients.add(src), servers.add(dst)
            code = flags >> 11 & 15
            opcodes[OPCODES.get(code, f"OPCODE{code}")] += 1
            types = shows(d, "dns.qry.type")
            for t in types[:1]:
                qtypes[TYPES.get(int(t), f"TYPE{t}")] += 1
            names.update(n.lower() for n in shows(d, "dns.qry.name")[:1] if types)
            if not bad and len(opts) == 1:
                edns["queries"] += 1
                edns["do"] += int(shows(opts[0], "dns.resp.z.do")[0] in ("1", "True"))
    packet.clear()
order = lambda c: dict(sorted(c.items()))
print(json.dumps({
    "packets": {"read": read, "short_dns": short}, "messages": order(m), "rcodes": order(rcodes), "opcodes": order(opcodes), "qtypes": order(qtypes),
    "truncated_responses": truncated, "edns": order(edns), "distinct": {"clients": len(clients), "servers": len(servers), "names": len(names)},
}, indent=1))'

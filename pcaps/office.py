#!/usr/bin/env python3
"""Parts of the office lab that no packaged program plays: see make-office.sh, which starts this.

relay   a link with latency: UDP to ADDRESS:53 goes on to BACKEND:53 after a delay that depends on the question's name only
sink    a host that takes UDP on ADDRESS:53 and never answers
broken  queries that are malformed on purpose, each from a socket of its own
again   queries repeated on one socket, as embedded stub resolvers do
client  a seeded mix of dig calls
nocsum  switch checksum offload of INTERFACE off, so that the capture holds the checksums of the wire
"""
import fcntl, heapq, random, select, socket, struct, subprocess, sys, time, zlib

HEADER = struct.Struct("!6H")


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def listen(address):
    s = socket.socket(family(address), socket.SOCK_DGRAM)
    s.bind((address, 53))
    return s


def relay(address, backend):
    front, held, back = listen(address), [], {}
    for n in range(1 << 62):
        wait = max(0, held[0][0] - time.monotonic()) if held else None
        for s in select.select([front, *back], [], [], wait)[0]:
            data, peer = s.recvfrom(65535)
            if s is front:
                delay = 0.004 + zlib.crc32(data[12:40].lower()) % 97 / 97 * 0.12
                heapq.heappush(held, (time.monotonic() + delay, n, peer, data))
            else:
                front.sendto(data, back.pop(s))
                s.close()
        while held and held[0][0] <= time.monotonic():
            _, _, peer, data = heapq.heappop(held)
            s = socket.socket(family(backend), socket.SOCK_DGRAM)
            s.sendto(data, (backend, 53))
            back[s] = peer


def sink(address):
    s = listen(address)
    while True:
        s.recv(65535)


def name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".") if label) + b"\0"


def question(text, qtype=1):
    return name(text) + struct.pack("!2H", qtype, 1)


def header(ident, flags=0x0100, qd=1, an=0, ns=0, ar=0):
    return HEADER.pack(ident, flags, qd, an, ns, ar)


OPT = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0)
BROKEN = {
    "label_runs_past_end": header(0x4101) + b"\x3fwww\x07example",
    "name_without_type": header(0x4102) + name("www.example.com"),
    "two_questions_claimed": header(0x4103, qd=2) + question("www.example.com"),
    "pointer_past_end": header(0x4104) + b"\xc0\xff" + struct.pack("!2H", 1, 1),
    "header_only": header(0x4106, qd=0),
    "additional_cut": header(0x4107, ar=1) + question("intranet.example.net") + OPT[:6],
    "two_opt_records": header(0x4108, ar=2) + question("intranet.example.net") + OPT + OPT,
    "opt_option_overruns": header(0x4109, ar=1) + question("mail.example.net") + OPT[:-2] + struct.pack("!3H", 4, 10, 40),
}


def broken(*servers):
    for data in BROKEN.values():
        for server in servers:
            s = socket.socket(family(server), socket.SOCK_DGRAM)
            s.settimeout(0.3)
            s.sendto(data, (server, 53))
            try:
                s.recv(65535)
            except OSError:
                pass
            s.close()


def again(server, gap, *names):
    """Ask for each name up to three times from one socket with one ID, gap seconds apart, until an answer comes."""
    s = socket.socket(family(server), socket.SOCK_DGRAM)
    s.settimeout(float(gap))
    for n, text in enumerate(names):
        for _ in range(3):
            s.sendto(header(0x5200 + n) + question(text), (server, 53))
            try:
                s.recv(65535)
                break
            except OSError:
                pass


# What the office asks for: weight, name, type. Names of RFC 2606, addresses of RFC 5737 and RFC 3849.
MIX = [
    (18, "www.example.com", "A"), (14, "www.example.com", "AAAA"), (10, "www.example.com", "HTTPS"), (12, "intranet.example.net", "A"),
    (8, "intranet.example.net", "AAAA"), (8, "mail.example.net", "A"), (4, "example.net", "MX"), (4, "example.com", "MX"),
    (6, "cdn.example.org", "A"), (5, "cdn.example.org", "AAAA"), (4, "api.example.org", "A"), (3, "api.example.org", "HTTPS"),
    (3, "printer.example.net", "A"), (3, "printer.example.net", "AAAA"), (3, "_ldap._tcp.example.net", "SRV"), (2, "_sip._udp.example.net", "SRV"),
    (4, "11.2.0.192.in-addr.arpa", "PTR"), (3, "53.2.0.192.in-addr.arpa", "PTR"), (2, "77.2.0.192.in-addr.arpa", "PTR"),
    (2, "example.com", "TXT"), (2, "_dmarc.example.com", "TXT"), (1, "example.com", "NS"), (1, "example.com", "SOA"), (1, "example.com", "CAA"),
    (2, "signed.example", "DNSKEY"), (3, "www.signed.example", "A"), (2, "signed.example", "DS"), (2, "www.bogus.example", "A"),
    (3, "wpad.example.net", "A"), (2, "wpad", "A"), (3, "www.exampel.com", "A"), (2, "printer.local.example.net", "A"),
    (2, "fileserver.invalid", "A"), (2, "tracker.example.org", "A"), (1, "old.example.org", "CNAME"), (1, "xn--bcher-kva.example.com", "A"),
]


def client(server, seed, count, pause, *options):
    r = random.Random(int(seed))
    weights = [w for w, _, _ in MIX]
    for _, text, qtype in r.choices(MIX, weights, k=int(count)):
        if r.random() < 0.15:
            text = f"host{r.randrange(60):02d}.example.{r.choice(['net', 'org', 'com'])}"
        if r.random() < 0.02:
            text = text.title()
        subprocess.run(["dig", f"@{server}", "+tries=2", "+timeout=2", *options, text, qtype], stdout=subprocess.DEVNULL)
        time.sleep(r.expovariate(1 / float(pause)))


def nocsum(interface):
    """SIOCETHTOOL with ETHTOOL_STXCSUM 0, as 'ethtool -K INTERFACE tx off'."""
    import array
    value = array.array("B", struct.pack("II", 0x17, 0))
    request = struct.pack("16sP8x", interface.encode(), value.buffer_info()[0])
    fcntl.ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0x8946, request)


if __name__ == "__main__":
    parts = {"relay": relay, "sink": sink, "broken": broken, "again": again, "client": client, "nocsum": nocsum}
    if len(sys.argv) < 2 or sys.argv[1] not in parts:
        sys.exit(__doc__)
    parts[sys.argv[1]](*sys.argv[2:])

#!/usr/bin/env bash
# Make office.pcap anew: an office of six clients, its resolver (Unbound) and its name server (BIND), in network namespaces.
#
#   sudo pcaps/make-office.sh [OUT.pcap]       (default: office.pcap beside this script; takes about 30 seconds)
#
# Needs root on Linux, and on Debian: bind9 bind9-utils bind9-dnsutils unbound tcpdump iproute2 python3 (the servers' own services may stay off).
# No packet leaves the namespaces, which go when the script ends, with every process that it started and its temporary directory.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
out=$(realpath -m "${1:-$here/office.pcap}")
[ "$(id -u)" = 0 ] || { echo "make-office.sh: needs root, for network namespaces" >&2; exit 1; }
for tool in named dnssec-dsfromkey unbound unbound-checkconf dig nsupdate tcpdump ip python3; do
  PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null || { echo "make-office.sh: $tool is missing (see the head of the script)" >&2; exit 1; }
done
PATH=$PATH:/usr/sbin:/sbin

tag=office$$ dir=$(mktemp -d) spaces=()
chmod 755 "$dir"
cleanup() {
  for ns in "${spaces[@]}"; do ip netns pids "$ns" 2>/dev/null | xargs -r kill 2>/dev/null || true; done
  wait
  for ns in "${spaces[@]}"; do ip netns del "$ns" 2>/dev/null || true; done
  rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# --- the network: one bridge in a namespace of its own, everybody plugged into it
at() { local ns=$1; shift; ip netns exec "$tag-$ns" "$@"; }
space() { ip netns add "$tag-$1"; spaces+=("$tag-$1"); ip -n "$tag-$1" link set lo up; }
host() { # NAME NUMBER ADDRESS...
  local ns=$1 n=$2 a; shift 2
  space "$ns"
  ip link add eth0 netns "$tag-$ns" address "02:00:00:00:00:$(printf %02x "$n")" type veth peer name "p$n" netns "$tag-switch"
  ip -n "$tag-switch" link set "p$n" master br0 up
  for a in "$@"; do case $a in *:*) ip -n "$tag-$ns" addr add "$a" dev eth0 nodad ;; *) ip -n "$tag-$ns" addr add "$a" dev eth0 ;; esac; done
  ip -n "$tag-$ns" link set eth0 up
  at "$ns" python3 "$here/office.py" nocsum eth0
  # both networks are on this one wire
  ip -n "$tag-$ns" route replace 192.0.2.0/24 dev eth0; ip -n "$tag-$ns" route replace 198.51.100.0/24 dev eth0
  ip -n "$tag-$ns" -6 route replace 2001:db8::/32 dev eth0
}
space switch
ip -n "$tag-switch" link add br0 type bridge forward_delay 0 mcast_snooping 0
ip -n "$tag-switch" link set br0 up
for n in 1 2 3 4 5 6; do host "c$n" "$((10 + n))" "192.0.2.$((10 + n))/24" "2001:db8::$((10 + n))/64"; done
host resolver 53 192.0.2.53/24 2001:db8::53/64 198.51.100.10/24 2001:db8:53::10/64
host ns 54 198.51.100.53/24 198.51.100.54/24 2001:db8:53::53/64
host dark 99 192.0.2.99/24    # a name server that was switched off: takes packets, never answers
host closed 98 192.0.2.98/24  # a host without a name server: ICMP port unreachable

# --- zones
zone() { # NAME: records on stdin
  { printf '$TTL 300\n@ SOA ns1.example.com. hostmaster.example.com. 2026010101 7200 900 1209600 300\n@ NS ns1.example.com.\n'; cat; } >"$dir/$1.zone"
  echo "zone \"${1/root/.}\" { type primary; file \"$dir/$1.zone\"; ${2-} };" >>"$dir/named.conf"
}
cat >"$dir/named.conf" <<END
options {
  directory "$dir"; pid-file "$dir/named.pid"; session-keyfile "$dir/session.key"; recursion no; server-id "ns1"; notify no;
  listen-on { 198.51.100.53; }; listen-on-v6 { 2001:db8:53::53; }; allow-transfer { none; }; max-udp-size 1232;
};
controls { };
key "transfer." { algorithm hmac-sha256; secret "ZG5zc25pZmYgb2ZmaWNlIGxhYiBrZXkgMDAwMDAwMDE="; };
END
hosts() { for i in $(seq 0 49); do printf 'host%02d A 203.0.113.%d\n' "$i" $((100 + i)); [ $((i % 3)) = 0 ] || printf 'host%02d AAAA 2001:db8:100::%d\n' "$i" "$i"; done; }
zone root <<END
ns1.example.com. A 198.51.100.53
END
{ hosts; cat <<'END'; for i in $(seq 1 30); do printf 'big TXT "record %02d: a text of some length, so that the answer does not fit into a datagram"\n' "$i"; done; } | zone example.com
@ A 203.0.113.10
@ MX 10 mail
@ TXT "v=spf1 mx -all"
@ CAA 0 issue "ca.example.org"
_dmarc TXT "v=DMARC1; p=reject"
ns1 A 198.51.100.53
ns1 AAAA 2001:db8:53::53
www A 203.0.113.10
www AAAA 2001:db8:100::10
www HTTPS 1 . alpn="h2,h3" ipv4hint=203.0.113.10
mail A 203.0.113.25
big TXT "an answer too large for UDP"
END
{ hosts; cat <<'END'; } | zone example.net
@ MX 10 mail
intranet CNAME web01
web01 A 192.0.2.80
web01 AAAA 2001:db8::80
mail A 192.0.2.25
printer A 192.0.2.90
_ldap._tcp SRV 0 100 389 ldap1
_ldap._tcp SRV 10 100 389 ldap2
ldap1 A 192.0.2.31
ldap2 A 192.0.2.32
END
{ hosts; cat <<'END'; } | zone example.org
cdn CNAME edge.cdn
edge.cdn A 203.0.113.60
edge.cdn A 203.0.113.61
edge.cdn AAAA 2001:db8:100::60
api A 203.0.113.70
api HTTPS 1 . alpn="h2"
old CNAME www.example.com.
END
zone 2.0.192.in-addr.arpa <<'END'
11 PTR desk1.example.net.
53 PTR resolver.example.net.
END
zone signed.example 'dnssec-policy default; inline-signing yes;' <<'END'
www A 203.0.113.44
END
zone bogus.example <<'END'
www A 203.0.113.66
END
# lost.example is delegated to the name server that was switched off, so the resolver has to give up on it
printf 'lost.example. NS ns.lost.example.\nns.lost.example. A 192.0.2.99\n' >>"$dir/root.zone"
chown -R bind: "$dir"

# --- servers: the name server first, as the resolver is to trust the key that it signs with
spawn() { ip netns exec "$tag-$1" "${@:2}" >>"$dir/log" 2>&1 & pids+=($!); }
spawn ns named -u bind -g -n 1 -c "$dir/named.conf"
for _ in $(seq 100); do at c1 dig @198.51.100.53 +tries=1 +timeout=1 www.signed.example A +dnssec 2>/dev/null | grep -q RRSIG && break; sleep 0.1; done
at c1 dig @198.51.100.53 +noall +answer signed.example DNSKEY >"$dir/signed.key"
anchor=$(dnssec-dsfromkey -2 -f "$dir/signed.key" signed.example)
cat >"$dir/unbound.conf" <<END
server:
  directory: "$dir"
  pidfile: ""
  chroot: ""
  username: ""
  use-syslog: no
  logfile: "$dir/unbound.log"
  interface: 192.0.2.53
  interface: 2001:db8::53
  outgoing-interface: 198.51.100.10
  outgoing-interface: 2001:db8:53::10
  access-control: 192.0.2.0/24 allow
  access-control: 2001:db8::/64 allow
  access-control: 192.0.2.16/32 refuse
  access-control: 2001:db8::16/128 refuse
  nsid: "ascii_resolver1"
  ede: yes
  module-config: "validator iterator"
  trust-anchor-signaling: no
  qname-minimisation: yes
  cache-max-ttl: 8
  outbound-msg-retry: 2
  infra-cache-min-rtt: 200
  do-not-query-localhost: no
  unblock-lan-zones: yes
  insecure-lan-zones: yes
  local-zone: "2.0.192.in-addr.arpa." nodefault
  local-zone: "example." transparent
  local-zone: "test." nodefault
  local-zone: "invalid." nodefault
  trust-anchor: "$anchor"
  trust-anchor: "bogus.example. DS 20326 13 2 e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d"
remote-control:
  control-enable: no
stub-zone:
  name: "."
  stub-addr: 198.51.100.53
  stub-prime: no
stub-zone:
  name: "example.net"
  stub-addr: 198.51.100.54
stub-zone:
  name: "example.org"
  stub-addr: 2001:db8:53::53
stub-zone:
  name: "lost.example"
  stub-addr: 192.0.2.99
END
unbound-checkconf "$dir/unbound.conf" >/dev/null
spawn ns python3 "$here/office.py" relay 198.51.100.54 198.51.100.53
spawn dark python3 "$here/office.py" sink 192.0.2.99
spawn resolver unbound -d -c "$dir/unbound.conf"
for _ in $(seq 50); do at resolver grep -q 'start of service' "$dir/unbound.log" 2>/dev/null && break; sleep 0.1; done

# --- capture, traffic
ip netns exec "$tag-switch" tcpdump -i br0 -p -w "$dir/office.pcap" --time-stamp-precision=micro -U 2>"$dir/tcpdump.log" & capture=$!
at switch ip link set br0 promisc on
for _ in $(seq 50); do grep -q listening "$dir/tcpdump.log" && break; sleep 0.1; done

r4=192.0.2.53 r6=2001:db8::53 auth=198.51.100.53 auth6=2001:db8:53::53
part() { local ns=$1; shift; at "$ns" python3 "$here/office.py" "$@" >>"$dir/log" 2>&1 & work+=($!); }
ask() { local ns=$1; shift; at "$ns" dig +tries=1 +timeout=2 "$@" >>"$dir/log" 2>&1 || true; }
work=()
part c1 client $r4 1 95 0.2
part c2 client $r4 2 75 0.25 +noedns
part c3 client $r6 3 50 0.35 +dnssec
part c4 client $r6 4 40 0.45 +subnet=192.0.2.0/24 +nocookie
part c5 client $r4 5 14 1.2 +nsid +tcp
part c6 client $r4 6 12 1.4
( sleep 1
  ask c1 @$r4 big.example.com TXT                       # TC, then TCP
  ask c3 @$r6 big.example.com TXT +dnssec
  ask c4 @$r4 big.example.com TXT +noedns
  ask c2 @$r4 big.example.com TXT +ignore               # TC, and no retry
  ask c2 @$auth www.example.com +edns=1 +noednsneg      # BADVERS
  ask c2 @$r4 www.example.com +edns=1 +noednsneg
  ask c2 @$auth www.example.com +opcode=status          # NOTIMP
  ask c2 @$auth www.example.com +opcode=iquery
  ask c1 @$auth www.unknown.test                        # from the root zone of the lab: NXDOMAIN
  ask c1 @$auth www.example.com +norecurse +nsid
  ask c1 @$auth6 example.com AXFR                       # refused, over TCP
  ask c1 @$auth -y hmac-sha256:nobody.:AAAAAAAAAAAAAAAAAAAAAA== example.com SOA   # NOTAUTH, TSIG BADKEY
  ask c5 @$auth -y hmac-sha256:transfer.:ZG5zc25pZmYgb2ZmaWNlIGxhYiBrZXkgMDAwMDAwMDE= example.com SOA
  ask c4 @$r6 www.bogus.example +cd
  ask c1 @$auth version.bind TXT CH
  ask c5 @192.0.2.98 www.example.com                    # port unreachable
  printf 'server %s\nzone example.com\nupdate add new.example.com 300 A 203.0.113.9\nsend\n' $auth | at c5 nsupdate >>"$dir/log" 2>&1 || true # REFUSED
  printf 'server %s\nzone example.test\nupdate add new.example.test 300 A 203.0.113.9\nsend\n' $auth | at c5 nsupdate >>"$dir/log" 2>&1 || true # NOTAUTH
) & work+=($!)
( sleep 3; at c2 python3 "$here/office.py" broken $auth $r4 $auth6 ) >>"$dir/log" 2>&1 & work+=($!)
( sleep 2; at c4 dig @192.0.2.99 +tries=3 +timeout=1 intranet.example.net ) >>"$dir/log" 2>&1 & work+=($!)
part c5 again $r4 0.02 host07.example.net host08.example.net host21.example.net intranet.example.net host33.example.net
( sleep 4; at c6 python3 "$here/office.py" again 192.0.2.99 1 www.example.com mail.example.net ) >>"$dir/log" 2>&1 & work+=($!)
( sleep 2; at c1 python3 "$here/office.py" again $r4 2.5 www.lost.example ) >>"$dir/log" 2>&1 & work+=($!)
( sleep 5; for _ in 1 2; do ask c3 @$r6 mail.lost.example +timeout=12; sleep 1; done ) & work+=($!)
wait "${work[@]}" || true
sleep 6 # so that every query has had its five seconds
kill "$capture"; wait "$capture" || true
install -m 644 "$dir/office.pcap" "$out"
echo "$out: $(grep captured "$dir/tcpdump.log"), $(stat -c %s "$out") bytes"

//go:build linux

package server

import (
	"fmt"
	"net/netip"
	"strings"
)

// family says how servers of one vendor are run.
type family struct {
	program string
	args    []string // FILE and DIR stand for the configuration and its directory
	file    string   // the configuration
	config  string   // a template
	more    func(*Server) map[string]string
}

// beside are files that the configuration needs beside it.
func (f family) beside(s *Server) map[string]string {
	if f.more == nil {
		return nil
	}
	return f.more(s)
}

// families are read only.
var families = map[Kind]family{
	BIND:     {program: "named", args: []string{"-g", "-n", "1", "-c", "FILE"}, file: "named.conf", config: bindConfig, more: hints},
	Unbound:  {program: "unbound", args: []string{"-d", "-c", "FILE"}, file: "unbound.conf", config: unboundConfig, more: hints},
	NSD:      {program: "nsd", args: []string{"-d", "-c", "FILE"}, file: "nsd.conf", config: nsdConfig},
	Knot:     {program: "knotd", args: []string{"-c", "FILE"}, file: "knot.conf", config: knotConfig},
	PowerDNS: {program: "pdns_server", args: []string{"--config-dir=DIR", "--guardian=no", "--daemon=no"}, file: "pdns.conf", config: powerdnsConfig, more: bindBackend},
	Recursor: {program: "pdns_recursor", args: []string{"--config-dir=DIR", "--daemon=no"}, file: "recursor.conf", config: recursorConfig, more: recursorFiles},
	Dnsmasq:  {program: "dnsmasq", args: []string{"-k", "-C", "FILE", "--log-facility=-"}, file: "dnsmasq.conf", config: dnsmasqConfig},
}

// hints names the root servers.
func hints(s *Server) map[string]string {
	var b strings.Builder
	for i, a := range s.cfg.Roots {
		kind := "A"
		if a.Is6() {
			kind = "AAAA"
		}
		fmt.Fprintf(&b, ". 3600000 NS %c.root-servers.lab.\n%[1]c.root-servers.lab. 3600000 %s %s\n", 'a'+rune(i), kind, a)
	}
	return map[string]string{"hints.zone": b.String()}
}

const bindConfig = `options {
  directory "{{.Dir}}"; pid-file none; session-keyfile "{{.Dir}}/session.key"; managed-keys-directory "{{.Dir}}";
  listen-on { {{range .Listen}}{{if .Is4}}{{.}}; {{end}}{{end}}}; listen-on-v6 { {{range .Listen}}{{if .Is6}}{{.}}; {{end}}{{end}}};
  server-id "{{.Host}}"; minimal-responses no-auth;
  {{- if .Roots}}
  recursion yes; empty-zones-enable no;
  {{- else if .Forward}}
  recursion yes; forward only; forwarders { {{range .Forward}}{{.}}; {{end}}};
  {{- else}}
  recursion no; notify explicit;
  {{- end}}
  {{- if .Allow}}
  allow-query { {{range .Allow}}{{.}}; {{end}}}; allow-recursion { {{range .Allow}}{{.}}; {{end}}}; allow-query-cache { {{range .Allow}}{{.}}; {{end}}};
  {{- else}}
  allow-query { any; }; allow-recursion { any; }; allow-query-cache { any; };
  {{- end}}
  dnssec-validation {{if .Anchors}}yes{{else}}no{{end}};
  {{.Extra}}
};
controls { };
{{- range .Keys}}
key "{{.Name}}" { algorithm {{.Algorithm}}; secret "{{.Secret}}"; };
{{- end}}
{{- if .Anchors}}
trust-anchors {
{{- range .Anchors}}
  {{with $f := fields .}}"{{index $f 0}}" static-ds {{index $f 4}} {{index $f 5}} {{index $f 6}} "{{index $f 7}}";{{end}}
{{- end}}
};
{{- end}}
{{- if .Roots}}
zone "." { type hint; file "hints.zone"; };
{{- end}}
{{- range .Zones}}
zone "{{.Name}}" {
  {{if .Primaries}}type secondary; primaries { {{range .Primaries}}{{.}}; {{end}}};{{else}}type primary;{{end}} file "{{.File}}";
  {{- if .Transfer}}
  allow-transfer { {{range .Transfer}}{{.}}; {{end}}};
  {{- end}}
  {{- if .Notify}}
  also-notify { {{range .Notify}}{{.}}; {{end}}};
  {{- end}}
  {{- if .Update}}
  allow-update { key "{{.Update}}"; };
  {{- end}}
  {{.Extra}}
};
{{- end}}
{{.Tail}}
`

const unboundConfig = `server:
  directory: "{{.Dir}}"
  pidfile: ""
  chroot: ""
  username: ""
  use-syslog: no
  num-threads: 1
  {{- range .Listen}}
  interface: {{.}}
  {{- end}}
  {{- range .Listen}}
  outgoing-interface: {{.}}
  {{- end}}
  {{- range .Allow}}
  access-control: {{.}} allow
  {{- else}}
  access-control: 0.0.0.0/0 allow
  access-control: ::/0 allow
  {{- end}}
  nsid: "ascii_{{.Host}}"
  ede: yes
  trust-anchor-signaling: no
  root-key-sentinel: no
  infra-cache-min-rtt: 300 # not 50, as the lab's servers share their processors
  do-not-query-localhost: no
  unblock-lan-zones: yes
  insecure-lan-zones: yes
  {{- if .Roots}}
  root-hints: "{{.Dir}}/hints.zone"
  {{- end}}
  {{- if .Anchors}}
  module-config: "validator iterator"
  {{- range .Anchors}}
  trust-anchor: "{{.}}"
  {{- end}}
  {{- else}}
  module-config: "iterator"
  {{- end}}
{{.Extra}}
remote-control:
  control-enable: no
{{- if .Forward}}
forward-zone:
  name: "."
  {{- range .Forward}}
  forward-addr: {{.}}
  {{- end}}
{{- end}}
{{- range .Zones}}
auth-zone:
  name: "{{.Name}}"
  zonefile: "{{.File}}"
  for-downstream: yes
  for-upstream: yes
{{- end}}
{{.Tail}}
`

const nsdConfig = `server:
  {{- range .Listen}}
  ip-address: {{.}}
  {{- end}}
  server-count: 1
  database: ""
  username: ""
  zonesdir: "{{.Dir}}"
  pidfile: ""
  xfrdfile: "{{.Dir}}/xfrd.state"
  zonelistfile: "{{.Dir}}/zone.list"
  xfrdir: "{{.Dir}}"
  nsid: "ascii_{{.Host}}"
  hide-version: no
{{.Extra}}
remote-control:
  control-enable: no
{{- range .Keys}}
key:
  name: "{{.Name}}"
  algorithm: {{.Algorithm}}
  secret: "{{.Secret}}"
{{- end}}
{{- range .Zones}}
zone:
  name: "{{.Name}}"
  zonefile: "{{.File}}"
  {{- range .Primaries}}
  allow-notify: {{.}} NOKEY
  request-xfr: {{.}} NOKEY
  {{- end}}
  {{- range .Notify}}
  notify: {{.}} NOKEY
  {{- end}}
  {{- range .Transfer}}
  provide-xfr: {{.}} NOKEY
  {{- end}}
{{.Extra}}
{{- end}}
{{.Tail}}
`

const knotConfig = `server:
    rundir: "{{.Dir}}"
    identity: "{{.Host}}"
    nsid: "{{.Host}}"
    version: "Knot DNS"
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
    {{- range .Listen}}
    listen: {{.}}@53
    {{- end}}
{{.Extra}}
log:
  - target: stderr
    any: info
database:
    storage: "{{.Dir}}"
{{- if .Keys}}
key:
{{- range .Keys}}
  - id: {{.Name}}
    algorithm: {{.Algorithm}}
    secret: {{.Secret}}
{{- end}}
{{- end}}
{{- range .Zones}}
{{- $zone := .Name}}
{{- range $i, $a := .Primaries}}
remote:
  - id: "primary-{{$i}}-{{$zone}}"
    address: {{$a}}@53
acl:
  - id: "notify-{{$i}}-{{$zone}}"
    address: {{$a}}
    action: notify
{{- end}}
{{- range $i, $a := .Notify}}
remote:
  - id: "secondary-{{$i}}-{{$zone}}"
    address: {{$a}}@53
{{- end}}
{{- range $i, $a := .Transfer}}
acl:
  - id: "transfer-{{$i}}-{{$zone}}"
    address: {{$a}}
    action: transfer
{{- end}}
{{- if .Update}}
acl:
  - id: "update-{{$zone}}"
    key: {{.Update}}
    action: update
{{- end}}
{{- end}}
{{.Tail}}
zone:
{{- range .Zones}}
{{- $zone := .Name}}
  - domain: {{.Name}}
    storage: "{{$.Dir}}"
    file: "{{.File}}"
    semantic-checks: off
    zonefile-load: whole
    {{- if .Primaries}}
    master: [{{range $i, $a := .Primaries}}{{if $i}}, {{end}}"primary-{{$i}}-{{$zone}}"{{end}}]
    {{- end}}
    {{- if .Notify}}
    notify: [{{range $i, $a := .Notify}}{{if $i}}, {{end}}"secondary-{{$i}}-{{$zone}}"{{end}}]
    {{- end}}
    {{- $sep := ""}}
    {{- if or .Primaries .Transfer .Update}}
    acl: [{{range $i, $a := .Primaries}}{{$sep}}"notify-{{$i}}-{{$zone}}"{{$sep = ", "}}{{end}}
      {{- range $i, $a := .Transfer}}{{$sep}}"transfer-{{$i}}-{{$zone}}"{{$sep = ", "}}{{end}}
      {{- if .Update}}{{$sep}}"update-{{$zone}}"{{end}}]
    {{- end}}
{{.Extra}}
{{- end}}
`

const powerdnsConfig = `{{if not (contains .Extra "launch=")}}launch=bind
bind-config={{.Dir}}/zones.conf
{{end}}local-address={{range $i, $a := .Listen}}{{if $i}}, {{end}}{{$a}}{{end}}
socket-dir={{.Dir}}
security-poll-suffix=
version-string=full
server-id={{.Host}}
receiver-threads=1
distributor-threads=1
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
{{.Extra}}
`

// bindBackend lists PowerDNS's zones.
func bindBackend(s *Server) map[string]string {
	var b strings.Builder
	for _, z := range s.cfg.Zones {
		kind := "type master;"
		if len(z.Primaries) > 0 {
			kind = "type slave; masters { " + join(z.Primaries, "; ") + "; };"
		}
		fmt.Fprintf(&b, "zone %q { %s file %q; };\n", z.Name, kind, z.File)
	}
	return map[string]string{"zones.conf": b.String()}
}

const recursorConfig = `local-address={{range $i, $a := .Listen}}{{if $i}}, {{end}}{{$a}}{{end}}
query-local-address={{range $i, $a := .Listen}}{{if $i}}, {{end}}{{$a}}{{end}}
hint-file={{.Dir}}/hints.zone
lua-config-file={{.Dir}}/anchors.lua
socket-dir={{.Dir}}
allow-from={{if .Allow}}{{range $i, $a := .Allow}}{{if $i}}, {{end}}{{$a}}{{end}}{{else}}0.0.0.0/0, ::/0{{end}}
dont-query=
dnssec={{if .Anchors}}validate{{else}}off{{end}}
extended-resolution-errors=yes
security-poll-suffix=
version-string=full
server-id={{.Host}}
threads=1
distributor-threads=0
pdns-distributes-queries=no
refresh-on-ttl-perc=0
{{- if .Forward}}
forward-zones-recurse=.={{range $i, $a := .Forward}}{{if $i}};{{end}}{{$a}}{{end}}
{{- end}}
{{.Extra}}
`

// recursorFiles are the root servers and the trust anchors.
func recursorFiles(s *Server) map[string]string {
	files := hints(s)
	var b strings.Builder
	b.WriteString("clearTA('.')\n")
	for _, a := range s.cfg.Anchors {
		f := strings.Fields(a)
		fmt.Fprintf(&b, "addTA(%q, %q)\n", f[0], strings.Join(f[4:], " "))
	}
	b.WriteString(s.cfg.Tail) // Lua, too
	files["anchors.lua"] = b.String()
	return files
}

const dnsmasqConfig = `no-resolv
no-hosts
no-daemon
user=root
group=root
bind-interfaces
pid-file={{.Dir}}/pid
{{- range .Listen}}
listen-address={{.}}
{{- end}}
{{- range .Forward}}
server={{.}}
{{- end}}
{{.Extra}}
`

func join(addrs []netip.Addr, sep string) string {
	out := make([]string, len(addrs))
	for i, a := range addrs {
		out[i] = a.String()
	}
	return strings.Join(out, sep)
}

package zone

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// sign signs the zone in a file and returns the DS record for its parent, or "" if it is to have none.
func (z Zone) sign(path string) (ds string, err error) {
	if z.Signing == Unsigned {
		return "", nil
	}
	keys, err := os.MkdirTemp(filepath.Dir(path), "keys-")
	if err != nil {
		return "", err
	}
	key, err := keygen(keys, z.Name)
	if err != nil {
		return "", err
	}
	record, err := digest(filepath.Join(keys, key+".key"))
	if err != nil || z.Signing == Stripped {
		return record, err
	}
	if err := signzone(keys, path, z.Name, z.Signing); err != nil {
		return "", err
	}
	switch z.Signing {
	case WrongDS:
		return digestOfAnother(filepath.Dir(path), z.Name)
	case NoSignatures, OneBroken:
		return record, edit(path, z.Signing)
	}
	return record, nil
}

// keygen makes one key that signs all: ECDSA P-256.
func keygen(dir, zone string) (name string, err error) {
	out, err := exec.Command("dnssec-keygen", "-q", "-K", dir, "-a", "ECDSAP256SHA256", "-f", "KSK", zone).Output()
	if err != nil {
		return "", fmt.Errorf("dnssec-keygen: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// digest returns the DS record, SHA-256, of the key in a file.
func digest(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, ";") {
			continue
		}
		rr, err := dns.NewRR(line)
		if err != nil {
			return "", err
		}
		if key, ok := rr.(*dns.DNSKEY); ok {
			key.Hdr.Ttl = ttl
			return key.ToDS(dns.SHA256).String() + "\n", nil
		}
	}
	return "", fmt.Errorf("%s: no DNSKEY in it", file)
}

func digestOfAnother(dir, zone string) (string, error) {
	other, err := os.MkdirTemp(dir, "keys-")
	if err != nil {
		return "", err
	}
	key, err := keygen(other, zone)
	if err != nil {
		return "", err
	}
	return digest(filepath.Join(other, key+".key"))
}

// signzone replaces a zone's file by the signed one.
func signzone(keys, path, zone string, how Signing) error {
	const day = 24 * time.Hour
	now := time.Now().UTC()
	begin, end := now.Add(-day), now.Add(60*day)
	switch how {
	case Expired, ExpiredData:
		begin, end = now.Add(-37*day), now.Add(-7*day)
	case NotYet:
		begin, end = now.Add(7*day), now.Add(37*day)
	}
	args := []string{"-q", "-P", "-S", "-z", "-K", keys, "-d", keys, "-o", zone, "-s", stamp(begin), "-e", stamp(end), "-f", path, "-O", "full"}
	switch how {
	case Opaque:
		args = append(args, "-3", "-", "-H", "0")
	case ExpiredData:
		args = append(args, "-X", stamp(now.Add(60*day)))
	}
	out, err := exec.Command("dnssec-signzone", append(args, path)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("dnssec-signzone: %w: %s", err, out)
	}
	return nil
}

func stamp(t time.Time) string { return t.Format("20060102150405") }

// edit spoils signatures in a master file of one record a line, as dnssec-signzone -O full writes it.
func edit(path string, how Signing) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(spoil(string(text), how)), 0o644)
}

var (
	signature      = regexp.MustCompile(`\sRRSIG\s`)
	ofWWW          = regexp.MustCompile(`^www\..*\sRRSIG\s+A\s`)
	startOfTheBits = regexp.MustCompile(`\S{8}\s*$`)
)

func spoil(text string, how Signing) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		switch {
		case how == NoSignatures && signature.MatchString(line):
			continue
		case how == OneBroken && ofWWW.MatchString(line):
			line = startOfTheBits.ReplaceAllString(line, "AAAAAA==") + "\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

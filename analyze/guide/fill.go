package guide

import "strings"

// Fill are the values that stand in for the placeholders of commands: "server" for "{server}". A placeholder without a value stays as it is.
type Fill map[string]string

// Placeholders returns the words that commands can have in braces: the address of a server and of a client, a zone, a name and a type of the question,
// a capture file and a packet's number in it.
func Placeholders() []string {
	return []string{"server", "client", "zone", "name", "type", "file", "packet"}
}

// Set gives a placeholder its value, the first one that it is given, if the value can stand in a command line without quoting, whatever quotes it stands
// in there, and is no option: names of hosts, addresses and types can. Anybody can send a name that is a shell's command; it is never filled in.
func (f Fill) Set(word, value string) {
	if f[word] == "" && harmless(value) {
		f[word] = value
	}
}

// harmless says that a value means nothing to a shell or as an option.
func harmless(value string) bool {
	for _, c := range []byte(value) {
		if !alphanumeric(c) && !strings.ContainsRune("-._:/", rune(c)) {
			return false
		}
	}
	return value != "" && value[0] != '-' && len(value) <= 255
}

func alphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// Apply returns a line of a command with its placeholders filled in.
func (f Fill) Apply(line string) string {
	for word, value := range f {
		line = strings.ReplaceAll(line, "{"+word+"}", value) // a value has no braces
	}
	return line
}

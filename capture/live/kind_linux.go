package live

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/dnssniff/dnssniff/capture"
)

// Link types that are handed out (tcpdump.org's registry of LINKTYPE_ values).
const (
	linkEthernet capture.LinkType = 1
	linkRaw      capture.LinkType = 101
	linkWLAN     capture.LinkType = 105
	linkPrism    capture.LinkType = 119
	linkRadiotap capture.LinkType = 127
	linkSLL2     capture.LinkType = 276
)

// kind is how interfaces of a type are captured from. Packets of a datagram socket begin behind the link-layer header: with the IP header where
// there is nothing else, or where a pseudo-header is put before it.
type kind struct {
	socket int
	link   capture.LinkType
	echoes bool
}

// cooked is how all interfaces are captured from at once, and those whose own headers are not read here.
var cooked = kind{socket: unix.SOCK_DGRAM, link: linkSLL2}

// kinds are the types of interfaces that can carry IP, by ARPHRD_ value.
var kinds = map[uint16]kind{
	unix.ARPHRD_ETHER:              {socket: unix.SOCK_RAW, link: linkEthernet},
	unix.ARPHRD_LOOPBACK:           {socket: unix.SOCK_RAW, link: linkEthernet, echoes: true},
	unix.ARPHRD_IEEE80211:          {socket: unix.SOCK_RAW, link: linkWLAN},
	unix.ARPHRD_IEEE80211_PRISM:    {socket: unix.SOCK_RAW, link: linkPrism},
	unix.ARPHRD_IEEE80211_RADIOTAP: {socket: unix.SOCK_RAW, link: linkRadiotap},

	unix.ARPHRD_NONE:    {socket: unix.SOCK_DGRAM, link: linkRaw}, // tun, WireGuard
	unix.ARPHRD_RAWIP:   {socket: unix.SOCK_DGRAM, link: linkRaw}, // mobile modems
	unix.ARPHRD_PPP:     {socket: unix.SOCK_DGRAM, link: linkRaw},
	unix.ARPHRD_SLIP:    {socket: unix.SOCK_DGRAM, link: linkRaw},
	unix.ARPHRD_CSLIP:   {socket: unix.SOCK_DGRAM, link: linkRaw},
	unix.ARPHRD_TUNNEL:  {socket: unix.SOCK_DGRAM, link: linkRaw}, // IPIP
	unix.ARPHRD_TUNNEL6: {socket: unix.SOCK_DGRAM, link: linkRaw},
	unix.ARPHRD_SIT:     {socket: unix.SOCK_DGRAM, link: linkRaw},
	unix.ARPHRD_IPGRE:   {socket: unix.SOCK_DGRAM, link: linkRaw},
	unix.ARPHRD_IP6GRE:  {socket: unix.SOCK_DGRAM, link: linkRaw},

	unix.ARPHRD_INFINIBAND: cooked,
	unix.ARPHRD_IEEE1394:   cooked,
	unix.ARPHRD_FDDI:       cooked,
	unix.ARPHRD_IEEE802:    cooked,
	unix.ARPHRD_IEEE802_TR: cooked,
	unix.ARPHRD_ARCNET:     cooked,
	unix.ARPHRD_ATM:        cooked,
	unix.ARPHRD_HDLC:       cooked,
	unix.ARPHRD_RAWHDLC:    cooked,
	unix.ARPHRD_FRAD:       cooked,
	unix.ARPHRD_DLCI:       cooked,
	unix.ARPHRD_HIPPI:      cooked,
}

// otherKinds names the common types that cannot carry IP, for messages.
var otherKinds = map[uint16]string{
	unix.ARPHRD_CAN:                "CAN",
	unix.ARPHRD_NETLINK:            "NETLINK",
	unix.ARPHRD_VSOCKMON:           "VSOCKMON",
	unix.ARPHRD_IEEE802154:         "IEEE802154",
	unix.ARPHRD_IEEE802154_MONITOR: "IEEE802154_MONITOR",
	unix.ARPHRD_6LOWPAN:            "6LOWPAN",
	unix.ARPHRD_PHONET:             "PHONET",
	unix.ARPHRD_PHONET_PIPE:        "PHONET_PIPE",
	unix.ARPHRD_IRDA:               "IRDA",
	unix.ARPHRD_AX25:               "AX25",
	unix.ARPHRD_X25:                "X25",
	unix.ARPHRD_MCTP:               "MCTP",
	unix.ARPHRD_VOID:               "VOID",
}

// linkOf returns the link type of an interface.
func linkOf(name string) (capture.LinkType, error) {
	k, err := kindOf(name)
	return k.link, err
}

// kindOf asks for the kind of an interface. It needs no rights.
func kindOf(name string) (kind, error) {
	if name == Any {
		return cooked, nil
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0) // any socket can be asked
	if err != nil {
		return kind{}, fmt.Errorf("%s: %w", name, err)
	}
	defer unix.Close(fd)
	return kindOfSocket(fd, name)
}

// kindOfSocket does so through a socket that is there, in the network namespace of that.
func kindOfSocket(fd int, name string) (kind, error) {
	ifr, err := unix.NewIfreq(name)
	if err != nil { // too long
		return kind{}, fmt.Errorf("%s: %w", name, ErrNoInterface)
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFHWADDR, ifr); err != nil {
		if errors.Is(err, unix.ENODEV) {
			return kind{}, fmt.Errorf("%s: %w", name, ErrNoInterface)
		}
		return kind{}, fmt.Errorf("%s: asking for its type: %w", name, err)
	}
	return kindOfType(name, ifr.Uint16()) // sa_family of ifr_hwaddr
}

func kindOfType(name string, hatype uint16) (kind, error) {
	k, ok := kinds[hatype]
	if !ok {
		return kind{}, &LinkError{Interface: name, Type: int(hatype), Name: otherKinds[hatype]}
	}
	return k, nil
}

package live

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// useAdapterTime makes an adapter stamp all packets that it receives. Where it does so already, nothing is changed; what it does with
// packets sent is left alone, as others may use its clock (PTP).
func useAdapterTime(fd int, name string) error {
	const clock = unix.SOF_TIMESTAMPING_RX_HARDWARE | unix.SOF_TIMESTAMPING_RAW_HARDWARE
	info, err := unix.IoctlGetEthtoolTsInfo(fd, name)
	if err != nil {
		return fmt.Errorf("%s: %w: %w", name, ErrAdapterTime, err)
	}
	if info.So_timestamping&clock != clock || info.Rx_filters&(1<<unix.HWTSTAMP_FILTER_ALL) == 0 {
		return fmt.Errorf("%s: %w: the adapter does not stamp all packets", name, ErrAdapterTime)
	}
	conf, err := unix.IoctlGetHwTstamp(fd, name)
	if err != nil {
		conf = &unix.HwTstampConfig{Tx_type: unix.HWTSTAMP_TX_OFF} // old drivers only set
	} else if conf.Rx_filter == unix.HWTSTAMP_FILTER_ALL {
		return nil
	}
	conf.Rx_filter = unix.HWTSTAMP_FILTER_ALL
	if err := unix.IoctlSetHwTstamp(fd, name, conf); err != nil {
		return fmt.Errorf("%s: %w: switching it on: %w", name, ErrAdapterTime, err)
	}
	return nil
}

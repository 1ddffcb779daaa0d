// Command dnssniff analyzes DNS traffic and never sends a packet.
package main

func main() {}

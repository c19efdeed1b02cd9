# SPDX-License-Identifier: MIT
# Sourced by network-*: a network of our own, where 192.0.2.0/24 is this host, though no
# interface of it has such an address.

. "$TOP/test-suite/lib.sh"

if [ ! "$IN_NETWORK" ]; then
	command -v perl >/dev/null || skip "no perl, for servers"
	command -v ip >/dev/null || skip "no ip, for a network of our own"
	for namespace in "unshare -n" "unshare -rn"; do
		$namespace ip link set lo up 2>/dev/null || continue
		IN_NETWORK=1 exec $namespace "$0" "$@"
	done
	skip "there can be no network of our own"
fi
ip link set lo up && ip route add local 192.0.2.0/24 dev lo &&
	echo "0 2147483647" >/proc/sys/net/ipv4/ping_group_range ||
	skip "no addresses for a network of our own"
perl -e 'use DynaLoader; exit !DynaLoader::dl_load_file("libslirp.so.0")' ||
	skip "no libslirp.so.0"

wasm32-linux-musl-cc -O2 -o guest "$TOP/test-suite/cli/network-guest.c" && muslin compile guest || exit

# Lines of TCP and datagrams are answered by their text; one name server knows names.
cat >servers <<'EOT'
use strict; use IO::Socket::INET; use IO::Select;
my (%tcp, %udp, %dns);
my $s = IO::Select->new;
for (["192.0.2.1", 80], ["192.0.2.9", 80], ["127.0.0.1", 8080]) {
	my $l = IO::Socket::INET->new(LocalAddr => $_->[0], LocalPort => $_->[1], Listen => 5,
		ReuseAddr => 1) or die "@$_: $!";
	$tcp{$l} = 1; $s->add($l);
	my $u = IO::Socket::INET->new(LocalAddr => $_->[0], LocalPort => $_->[1], Proto => "udp") or die;
	$udp{$u} = 1; $s->add($u);
}
my $d = IO::Socket::INET->new(LocalAddr => "192.0.2.53", LocalPort => 53, Proto => "udp") or die;
$s->add($d);
my %names = ("good.example" => "192.0.2.1", "a.below.example" => "192.0.2.1",
	"rebound.example" => "127.0.0.1", "other.example" => "192.0.2.9");
open(my $asked, ">", "asked"); $asked->autoflush(1);
open(my $accepted, ">", "accepted"); $accepted->autoflush(1);
open(my $ready, ">", "ready"); close($ready);
while (1) {
	for my $c ($s->can_read) {
		if ($tcp{$c}) {
			print $accepted $c->sockhost . "\n"; $s->add($c->accept); next;
		}
		if ($udp{$c}) { my $x; $c->recv($x, 65536); $c->send("host: $x"); next; }
		if ($c == $d) {
			my $x; $d->recv($x, 4096);
			my ($name, $at) = ("", 12);
			while (my $n = ord(substr($x, $at, 1))) {
				$name .= ($name ? "." : "") . substr($x, $at + 1, $n); $at += $n + 1;
			}
			print $asked "$name\n";
			my $q = substr($x, 12, $at + 5 - 12);
			my $a = unpack("n", substr($x, $at + 1, 2)) == 1 && $names{$name};
			my $flags = $names{$name} ? 0x8180 : 0x8183;
			$d->send(substr($x, 0, 2) . pack("nnnnn", $flags, 1, $a ? 1 : 0, 0, 0) . $q .
				($a ? pack("nnnNn", 0xc00c, 1, 1, 60, 4) . inet_aton($a) : ""));
			next;
		}
		my $x;
		if (!sysread($c, $x, 65536)) { $s->remove($c); close($c); next; }
		if ($x =~ /\n/) { syswrite($c, "host: $x"); $s->remove($c); close($c); }
	}
}
EOT
perl servers & servers=$!
trap 'left=$?; kill $servers; (exit $left); leave' EXIT
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	[ -e ready ] && break
	sleep .1
done

# run OPTION... -- ARG...: the guest, with a network of the user's
run() { muslin run --net user --net-nameserver 192.0.2.53 "$@"; }

# Waits until file $1 says that the guest is listening.
listening() {
	for i in $(seq 100); do
		grep -q listening "$1" && return
		sleep .1
	done
	error "nobody listens"
}

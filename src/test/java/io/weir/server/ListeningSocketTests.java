package io.weir.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.weir.Footprint;
import io.weir.Peer;
import io.weir.SocketStatistics;
import io.weir.server.SocketSettings.KeepAlive;
import io.weir.server.TcpBindException.Problem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * Tests for {@link ListeningSocket}.
 */
class ListeningSocketTests {

	@Test
	void whenPortIsZeroThenAFreeOneIsTaken() throws Exception {
		try (ListeningSocket socket = ListeningSocket.open(Settings.LISTENER, Settings.SOCKETS, 10)) {
			assertThat(socket.address().getPort()).isPositive();
			assertThat(socket.address().getAddress()).isEqualTo(InetAddress.ofLiteral("127.0.0.1"));
			try (Peer peer = Peer.connect(socket.address().getPort())) {
				assertThat(peer.port()).isPositive();
			}
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "0.0.0.0" })
	void whenHostIsEmptyThenItListensOnAnyAddress(String host) throws Exception {
		try (ListeningSocket socket = ListeningSocket.open(Settings.at(host, 0), Settings.SOCKETS, 10)) {
			assertThat(socket.address().getAddress().isAnyLocalAddress()).isTrue();
		}
	}

	@Test
	void whenHostIsANameThenItsIpv4AddressIsTaken() throws Exception {
		try (ListeningSocket socket = ListeningSocket.open(Settings.at("localhost", 0), Settings.SOCKETS, 10)) {
			assertThat(socket.address().getAddress()).isEqualTo(InetAddress.ofLiteral("127.0.0.1"));
		}
	}

	@Test
	void whenPortIsInUseThenTheProblemSaysSo() throws Exception {
		try (ServerSocket occupied = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
			assertProblem(Settings.at("127.0.0.1", occupied.getLocalPort()), Problem.PORT_IN_USE);
		}
	}

	@Test
	void whenPortNeedsAPrivilegeThenTheProblemSaysSo() throws Exception {
		assumeThat(System.getProperty("user.name")).as("root may bind any port").isNotEqualTo("root");
		Path start = Path.of("/proc/sys/net/ipv4/ip_unprivileged_port_start");
		assumeThat(start).as("no privileged ports to be known of").exists();
		int first = Integer.parseInt(Files.readAllLines(start).getFirst().strip());
		assumeThat(first).as("no port needs a privilege here").isGreaterThan(1);
		assertProblem(Settings.at("127.0.0.1", first - 1), Problem.PORT_NEEDS_PRIVILEGE);
	}

	@Test
	void whenAddressIsNotThisMachinesThenTheProblemSaysSo() {
		// TEST-NET-3, RFC 5737
		assertProblem(Settings.at("203.0.113.7", 0), Problem.ADDRESS_NOT_LOCAL);
	}

	@Test
	void whenNameDoesNotResolveThenTheProblemSaysSo() {
		assertProblem(Settings.at("weir.invalid", 0), Problem.UNKNOWN_HOST);
	}

	@Test
	void whenAddressIsNotIpv4ThenTheProblemSaysSo() {
		assertProblem(Settings.at("::1", 0), Problem.NOT_IPV4);
	}

	@Test
	@EnabledOnOs(value = OS.LINUX, disabledReason = "needs /proc/net/tcp")
	void whenListeningThenTheSocketIsOfIpv4Alone() throws Exception {
		try (ListeningSocket socket = ListeningSocket.open(Settings.at("", 0), Settings.SOCKETS, 10)) {
			String local = "00000000:%04X".formatted(socket.address().getPort());
			assertThat(localAddresses("/proc/net/tcp")).contains(local);
			if (Files.exists(Path.of("/proc/net/tcp6"))) {
				assertThat(localAddresses("/proc/net/tcp6"))
					.noneMatch((address) -> address.endsWith(local.substring(8)));
			}
		}
	}

	private static List<String> localAddresses(String table) throws IOException {
		return Files.readAllLines(Path.of(table))
			.stream()
			.skip(1)
			.map((line) -> line.strip().split("\\s+", -1)[1])
			.toList();
	}

	@Test
	void whenAskedForThenAddressAndPortMayBeReused() throws Exception {
		ListenerSettings both = new ListenerSettings("127.0.0.1", 0, null, null, true, true);
		try (ListeningSocket socket = ListeningSocket.open(both, Settings.SOCKETS, 10)) {
			assertThat(socket.channel().getOption(StandardSocketOptions.SO_REUSEADDR)).isTrue();
			assertThat(socket.channel().getOption(StandardSocketOptions.SO_REUSEPORT)).isTrue();
			ListenerSettings again = new ListenerSettings("127.0.0.1", socket.address().getPort(), null, null, true,
					true);
			try (ListeningSocket second = ListeningSocket.open(again, Settings.SOCKETS, 10)) {
				assertThat(second.address()).isEqualTo(socket.address());
			}
		}
		ListenerSettings neither = new ListenerSettings("127.0.0.1", 0, null, null, false, false);
		try (ListeningSocket socket = ListeningSocket.open(neither, Settings.SOCKETS, 10)) {
			assertThat(socket.channel().getOption(StandardSocketOptions.SO_REUSEADDR)).isFalse();
			assertThat(socket.channel().getOption(StandardSocketOptions.SO_REUSEPORT)).isFalse();
		}
	}

	@Test
	void whenAPortIsInTimeWaitThenItCanBeBoundAgain() throws Exception {
		int port;
		try (ListeningSocket socket = ListeningSocket.open(Settings.LISTENER, Settings.SOCKETS, 10)) {
			port = socket.address().getPort();
			try (Peer peer = Peer.connect(port)) {
				// The side that closes first is the one that waits
				socket.channel().accept().close();
				assertThat(peer.receiveToEnd()).isEmpty();
			}
		}
		try (ListeningSocket again = ListeningSocket.open(Settings.at("127.0.0.1", port), Settings.SOCKETS, 10)) {
			assertThat(again.address().getPort()).isEqualTo(port);
		}
	}

	@Test
	void whenABacklogIsAskedForThenTheKernelHasIt() throws Exception {
		SocketStatistics.assumeAvailable();
		ListenerSettings seven = new ListenerSettings("127.0.0.1", 0, 7, null, true, false);
		try (ListeningSocket socket = ListeningSocket.open(seven, Settings.SOCKETS, 10);
				ListeningSocket other = ListeningSocket.open(Settings.LISTENER, Settings.SOCKETS, 11)) {
			assertThat(SocketStatistics.listener(socket.address().getPort()).sendQueue()).isEqualTo(7);
			assertThat(SocketStatistics.listener(other.address().getPort()).sendQueue()).isEqualTo(11);
		}
	}

	@Test
	void whenAReceiveBufferIsAskedForThenListenerAndConnectionsHaveIt() throws Exception {
		SocketStatistics.assumeAvailable();
		ListenerSettings buffer = new ListenerSettings("127.0.0.1", 0, null, 50_000, true, false);
		try (ListeningSocket socket = ListeningSocket.open(buffer, Settings.SOCKETS, 10);
				Peer peer = Peer.connect(socket.address().getPort());
				var accepted = socket.channel().accept()) {
			assertThat(accepted.isConnected()).isTrue();
			assertThat(SocketStatistics.listener(socket.address().getPort()).memory("rb")).isEqualTo(100_000);
			assertThat(SocketStatistics.connection(socket.address().getPort(), peer.port()).memory("rb"))
				.isEqualTo(100_000);
		}
	}

	@Test
	@EnabledOnOs(value = OS.LINUX, disabledReason = "elsewhere each accepted socket is given its options")
	void whenOptionsAreAskedForThenAcceptedSocketsInheritThem() throws Exception {
		KeepAlive keepAlive = new KeepAlive(Duration.ofSeconds(77), Duration.ofSeconds(7), 3);
		try (ListeningSocket socket = ListeningSocket.open(Settings.LISTENER,
				new SocketSettings(60_000, true, keepAlive), 10);
				Peer peer = Peer.connect(socket.address().getPort());
				SocketChannel accepted = socket.channel().accept()) {
			assertThat(peer.port()).isPositive();
			assertThat(accepted.getOption(StandardSocketOptions.TCP_NODELAY)).isTrue();
			assertThat(accepted.getOption(StandardSocketOptions.SO_KEEPALIVE)).isTrue();
			assertThat(accepted.getOption(StandardSocketOptions.SO_SNDBUF)).isEqualTo(60_000);
			assertThat(accepted.getOption(ExtendedSocketOptions.TCP_KEEPIDLE)).isEqualTo(77);
			assertThat(accepted.getOption(ExtendedSocketOptions.TCP_KEEPINTERVAL)).isEqualTo(7);
			assertThat(accepted.getOption(ExtendedSocketOptions.TCP_KEEPCOUNT)).isEqualTo(3);
		}
	}

	@Test
	void whenNoOptionsAreAskedForThenAcceptedSocketsHaveThoseOfTheKernel() throws Exception {
		try (ListeningSocket socket = ListeningSocket.open(Settings.LISTENER, new SocketSettings(null, false, null),
				10);
				Peer peer = Peer.connect(socket.address().getPort());
				SocketChannel accepted = socket.channel().accept();
				SocketChannel other = SocketChannel.open()) {
			assertThat(peer.port()).isPositive();
			socket.prepare(accepted);
			assertThat(accepted.getOption(StandardSocketOptions.TCP_NODELAY)).isFalse();
			assertThat(accepted.getOption(StandardSocketOptions.SO_KEEPALIVE)).isFalse();
			for (SocketOption<Integer> option : List.of(ExtendedSocketOptions.TCP_KEEPIDLE,
					ExtendedSocketOptions.TCP_KEEPINTERVAL, ExtendedSocketOptions.TCP_KEEPCOUNT)) {
				assertThat(accepted.getOption(option)).isEqualTo(other.getOption(option));
			}
		}
	}

	@Test
	void whenOptionsAreNotInheritedThenAcceptedSocketsAreGivenThem() throws Exception {
		SocketSettings sockets = new SocketSettings(60_000, true,
				new KeepAlive(Duration.ofSeconds(77), Duration.ofSeconds(7), 3));
		try (ListeningSocket plain = ListeningSocket.open(Settings.LISTENER, new SocketSettings(null, false, null), 10);
				ListeningSocket socket = new ListeningSocket(plain.channel(), plain.address(), sockets, false);
				Peer peer = Peer.connect(socket.address().getPort());
				SocketChannel accepted = socket.channel().accept()) {
			assertThat(peer.port()).isPositive();
			assertThat(accepted.getOption(StandardSocketOptions.TCP_NODELAY)).isFalse();
			socket.prepare(accepted);
			assertThat(accepted.getOption(StandardSocketOptions.TCP_NODELAY)).isTrue();
			assertThat(accepted.getOption(StandardSocketOptions.SO_KEEPALIVE)).isTrue();
			assertThat(accepted.getOption(StandardSocketOptions.SO_SNDBUF)).isEqualTo(60_000);
		}
	}

	@Test
	void whenBindingFailsThenNoSocketIsLeft() throws Exception {
		assumeThat(Path.of("/proc/self/fd")).as("no list of open files").isDirectory();
		try (ServerSocket occupied = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
			ListenerSettings settings = Settings.at("127.0.0.1", occupied.getLocalPort());
			assertProblem(settings, Problem.PORT_IN_USE);
			int before = Footprint.openFiles();
			for (int i = 0; i < 20; i++) {
				assertProblem(settings, Problem.PORT_IN_USE);
			}
			assertThat(Footprint.openFiles()).isLessThan(before + 10);
		}
	}

	private static void assertProblem(ListenerSettings settings, Problem problem) {
		assertThatExceptionOfType(TcpBindException.class)
			.isThrownBy(() -> ListeningSocket.open(settings, Settings.SOCKETS, 10).close())
			.satisfies((ex) -> assertThat(ex.problem()).isEqualTo(problem))
			.satisfies((ex) -> assertThat(ex.host()).isEqualTo(settings.host()))
			.satisfies((ex) -> assertThat(ex.port()).isEqualTo(settings.port()))
			.withMessageContaining(settings.host() + ":" + settings.port());
	}

}

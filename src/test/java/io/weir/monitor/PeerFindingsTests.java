package io.weir.monitor;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.weir.Peer;
import io.weir.connection.Layer;
import io.weir.connection.ProxyRule;
import io.weir.connection.RejectReason;
import io.weir.server.AdmissionRules;
import io.weir.transport.AddressPrefix;
import io.weir.transport.AddressPrefixes;
import io.weir.transport.BufferPool;
import io.weir.transport.ProxyLayer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PeerFindings} and {@link BusiestAddress}.
 */
class PeerFindingsTests {

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path root;

	@SuppressWarnings("NullAway.Init")
	private FakeProc proc;

	@BeforeEach
	void writeProc() throws IOException {
		this.proc = new FakeProc(this.root).files(4096, 4096).write("sys/net/core/somaxconn", "4096\n");
	}

	@Test
	void whenOneAddressHasMoreThanHalfOfThePlacesThenItIsFound() throws IOException {
		try (RunningServer running = new RunningServer(null, null, 10, this.proc.reader()).start()) {
			BusiestAddress addresses = new BusiestAddress(running.registry(), 10, AddressPrefixes.NONE);
			Findings findings = running.findings(System::nanoTime,
					List.of(new PeerFindings(addresses, new ForeignPeers("echo", false))));
			List<Peer> peers = new ArrayList<>();
			for (int i = 0; i < 5; i++) {
				peers.add(running.connect());
			}
			running.awaitActive(5);
			addresses.look();
			assertThat(findings.current()).isEmpty();
			peers.add(running.connect());
			running.awaitActive(6);
			addresses.look();
			assertThat(findings.current()).singleElement().satisfies((finding) -> {
				assertThat(finding.message()).isEqualTo("127.0.0.1 has 6 of at most 10 connections, more than half");
				assertThat(finding.remedy()).startsWith("If many clients share this address (NAT, a proxy")
					.contains("?peer=127.0.0.1 what they do");
			});
			BusiestAddress few = new BusiestAddress(running.registry(), 9, AddressPrefixes.NONE);
			few.look();
			assertThat(few.share()).isNull();
			for (Peer peer : peers) {
				peer.close();
			}
			running.awaitActive(0);
			addresses.look();
			assertThat(findings.current()).isEmpty();
		}
	}

	// As for max-connections-per-address: a client has a /64 to choose from
	@Test
	void anIpv6ClientIsFoundByItsSubnet() throws IOException {
		ProxyRule proxies = localProxies();
		try (RunningServer running = behind(proxies).start()) {
			BusiestAddress addresses = new BusiestAddress(running.registry(), 10, proxies.trusted());
			Findings findings = running.findings(System::nanoTime,
					List.of(new PeerFindings(addresses, new ForeignPeers("echo", false))));
			List<Peer> peers = new ArrayList<>();
			for (String client : List.of("2001:db8::1", "2001:db8:0:1::1", "2001:db8::2", "2001:db8::ffff:0:0:3",
					"2001:db8::4", "2001:db8::5")) {
				peers.add(connectFor(running, client));
			}
			addresses.look();
			assertThat(addresses.share()).isNull();
			peers.add(connectFor(running, "2001:db8::6"));
			addresses.look();
			assertThat(findings.current()).singleElement().satisfies((finding) -> {
				assertThat(finding.message())
					.isEqualTo("2001:db8::/64 has 6 of at most 10 connections, more than half");
				assertThat(finding.remedy()).contains("?peer=2001:db8::/64 what they do");
			});
			for (Peer peer : peers) {
				peer.close();
			}
		}
	}

	private static ProxyRule localProxies() {
		return new ProxyRule(AddressPrefixes.of(List.of(AddressPrefix.parse("127.0.0.1"))),
				new Layer(new ProxyLayer(BufferPool.direct()), Duration.ofSeconds(10), RejectReason.PROXY_HEADER,
						RejectReason.PROXY_HEADER));
	}

	private RunningServer behind(ProxyRule proxies) {
		return new RunningServer(10, new AdmissionRules(proxies, AddressPrefixes.NONE, AddressPrefixes.NONE, 0),
				this.proc.reader());
	}

	// Returns when it is served
	private static Peer connectFor(RunningServer running, String client) throws IOException {
		Peer peer = running.connect();
		peer.send(("PROXY TCP6 " + client + " ::1 7 443\r\nx").getBytes(StandardCharsets.US_ASCII));
		assertThat(peer.receive(1)).hasSize(1);
		return peer;
	}

	@Test
	void whenTheProxyProtocolIsOnThenHeadersThatAreMissingAndThoseThatNobodyExpectsAreFound() throws IOException {
		try (RunningServer running = behind(localProxies()).start()) {
			ForeignPeers foreign = new ForeignPeers("record", false);
			running.registry().addListener(foreign);
			Findings findings = running.findings(System::nanoTime, List
				.of(new PeerFindings(new BusiestAddress(running.registry(), 10, AddressPrefixes.NONE), foreign)));
			connectFor(running, "2001:db8::1").close();
			assertThat(findings.current()).isEmpty();
			byte[] header = "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n".getBytes(StandardCharsets.US_ASCII);
			try (Socket stranger = connect(running, 2); Peer twice = running.connect()) {
				stranger.getOutputStream().write(header);
				twice.send(header).send(header);
				Awaitility.await()
					.untilAsserted(() -> assertThat(findings.current()).singleElement().satisfies((finding) -> {
						assertThat(finding.message())
							.isEqualTo("connections of the last 5 min that began with a header "
									+ "of the PROXY protocol where none is expected, which was taken for data: 2");
						assertThat(finding.remedy()).startsWith("Add the proxy's address to");
					}));
			}
			try (Peer peer = running.connect()) {
				peer.send("no header at all".getBytes(StandardCharsets.US_ASCII)).endStream();
				Awaitility.await()
					.untilAsserted(() -> assertThat(findings.current()).hasSize(2).anySatisfy((finding) -> {
						assertThat(finding.setting()).isEqualTo("proxy-protocol");
						assertThat(finding.message())
							.isEqualTo("connections of the last 5 min that began with no valid "
									+ "PROXY header although tcp.server.proxy-protocol.trusted has their address; each was "
									+ "rejected: 1");
						assertThat(finding.remedy()).contains("HAProxy: send-proxy-v2", "out of");
					}));
			}
		}
	}

	@Test
	void whenTheMajorityOfTheOpenIsNotMoreThanHalfOfThePlacesThenThereIsNoFinding() throws IOException {
		try (RunningServer running = new RunningServer(null, null, 10, this.proc.reader()).start()) {
			BusiestAddress addresses = new BusiestAddress(running.registry(), 10, AddressPrefixes.NONE);
			List<Socket> peers = new ArrayList<>();
			for (int last : List.of(1, 2, 2, 1, 2, 2, 1, 2)) {
				peers.add(connect(running, last));
			}
			running.awaitActive(8);
			addresses.look();
			assertThat(addresses.share()).isNull();
			peers.add(connect(running, 2));
			running.awaitActive(9);
			addresses.look();
			assertThat(addresses.share()).isEqualTo(new BusiestAddress.Share(AddressPrefix.parse("127.0.0.2"), 6));
			for (Socket peer : peers) {
				peer.close();
			}
		}
	}

	private static Socket connect(RunningServer running, int last) throws IOException {
		InetSocketAddress address = Objects.requireNonNull(running.server().address());
		return new Socket(address.getAddress(), address.getPort(), InetAddress.ofLiteral("127.0.0." + last), 0);
	}

	@Test
	void whenPeersSpeakAnotherProtocolThenTheyAreFoundAndForgottenInTime() {
		AtomicLong now = new AtomicLong();
		try (RunningServer running = new RunningServer(null, null, 10, this.proc.reader()).start()) {
			ForeignPeers foreign = new ForeignPeers("record", false, now::get);
			Findings findings = running.findings(now::get, List
				.of(new PeerFindings(new BusiestAddress(running.registry(), 10, AddressPrefixes.NONE), foreign)));
			assertThat(findings.current()).isEmpty();
			for (String line : List.of("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", "GET / HTTP/1.1\r\n",
					"HEAD /x HTTP/1.0\r\n", "data\n")) {
				ByteBuffer bytes = StandardCharsets.US_ASCII.encode(line);
				foreign.watcher().came(bytes, 0, bytes.limit());
			}
			assertThat(findings.current()).hasSize(2)
				.anySatisfy((finding) -> assertThat(finding.message())
					.startsWith("connections of the last 5 min that began with a header of the PROXY protocol")
					.endsWith(": 1"))
				.anySatisfy((finding) -> assertThat(finding.message()).contains("an HTTP request").endsWith(": 2"));
			now.addAndGet(Growth.EVIDENCE_TIME.toNanos());
			assertThat(findings.current()).isEmpty();
		}
	}

}

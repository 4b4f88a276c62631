package io.weir.server;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import io.weir.Bystander;
import io.weir.CapturedLog;
import io.weir.Peer;
import io.weir.connection.ConnectionRegistry.Totals;
import io.weir.connection.RejectReason;
import io.weir.connection.Slot;
import io.weir.protocol.Protocol;
import io.weir.transport.AddressPrefixes;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AdmissionRules}: who gets a place, and that it is given back.
 */
class AdmissionRulesTests extends FaultTest {

	private static AdmissionRules rules(String allow, String deny, int maxPerAddress) {
		return new AdmissionRules(null, ProxyProtocolTests.prefixes(allow), ProxyProtocolTests.prefixes(deny),
				maxPerAddress);
	}

	private static Slot slot(Admission admission) {
		return Objects.requireNonNull(admission.tryAcquire());
	}

	private static String admit(Admission admission, String client) {
		RejectReason refused = slot(admission).admit(InetAddress.ofLiteral(client));
		return (refused != null) ? refused.text() : "admitted";
	}

	@Test
	void whoIsDeniedOrNotAllowedIsRefused() {
		Admission both = new Admission(100, rules("10.0.0.0/8", "10.1.0.0/16", 0));
		assertThat(admit(both, "10.2.0.1")).isEqualTo("admitted");
		assertThat(admit(both, "10.1.0.1")).isEqualTo("denied");
		assertThat(admit(both, "11.0.0.1")).isEqualTo("denied");
		assertThat(admit(both, "2001:db8::1")).isEqualTo("denied");
		Admission deny = new Admission(100, rules("", "10.1.0.0/16", 0));
		assertThat(admit(deny, "10.1.0.1")).isEqualTo("denied");
		assertThat(admit(deny, "2001:db8::1")).isEqualTo("admitted");
		assertThat(slot(deny).admitProxy(InetAddress.ofLiteral("10.1.0.1"))).isEqualTo(RejectReason.DENIED);
		assertThat(slot(both).admitProxy(InetAddress.ofLiteral("11.0.0.1"))).isNull();
	}

	@Test
	void anAddressHasItsLimitAndAnIpv6ClientItsSubnet() {
		Admission admission = new Admission(100, rules("", "", 2));
		assertThat(List.of(admit(admission, "10.0.0.1"), admit(admission, "10.0.0.1"), admit(admission, "10.0.0.1"),
				admit(admission, "10.0.0.2")))
			.containsExactly("admitted", "admitted", "address_limit", "admitted");
		assertThat(List.of(admit(admission, "2001:db8::1"), admit(admission, "2001:db8::2"),
				admit(admission, "2001:db8::ffff:0:0:3"), admit(admission, "2001:db8:0:1::1")))
			.containsExactly("admitted", "admitted", "address_limit", "admitted");
		assertThat(slot(admission).admitProxy(InetAddress.ofLiteral("10.0.0.1"))).isNull();
	}

	@Test
	void aShareOfAnAddressIsGivenBackOnceWithThePlace() {
		Admission admission = new Admission(100, rules("", "", 1));
		InetAddress client = InetAddress.ofLiteral("10.0.0.1");
		Slot first = slot(admission);
		assertThat(first.admit(client)).isNull();
		Slot refused = slot(admission);
		assertThat(refused.admit(client)).isEqualTo(RejectReason.ADDRESS_LIMIT);
		refused.close();
		assertThat(slot(admission).admit(client)).isEqualTo(RejectReason.ADDRESS_LIMIT);
		first.close();
		Slot second = slot(admission);
		assertThat(second.admit(client)).isNull();
		first.close();
		assertThat(slot(admission).admit(client)).isEqualTo(RejectReason.ADDRESS_LIMIT);
		second.close();
		assertThat(second.admit(client)).isEqualTo(RejectReason.ADDRESS_LIMIT);
		assertThat(admission.addressesAtLimit()).isZero();
	}

	@Test
	void aHundredThousandAddressesCostAtMost20Megabytes() throws IOException {
		AddressCounts counts = new AddressCounts(1);
		List<InetAddress> addresses = new ArrayList<>();
		for (int i = 0; i < 100_000; i++) {
			addresses.add(InetAddress.getByAddress(new byte[] { 0x20, 1, (byte) (i >> 16), (byte) (i >> 8), (byte) i, 0,
					0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }));
		}
		long before = live();
		addresses.forEach(counts::tryAdd);
		assertThat(live() - before).isBetween(5_000_000L, 20_000_000L);
		// Both are alive until here
		assertThat(counts.atMax()).isEqualTo(addresses.size());
	}

	private static long live() {
		long last = Long.MAX_VALUE;
		long now = used();
		while (now < last - 100_000) {
			last = now;
			now = used();
		}
		return now;
	}

	private static long used() {
		System.gc();
		return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
	}

	@Test
	void whatIsDeniedBySocketIsClosedAtOnceWithoutAThread() throws Exception {
		this.admission = rules("", "127.0.0.2", 0);
		TcpServer server = start(Protocol.ECHO);
		try (CapturedLog log = CapturedLog.debug("io.weir.server")) {
			for (int i = 0; i < 50; i++) {
				assertThat(connect(server, "127.0.0.2").receiveToEnd()).isEmpty();
			}
			awaitRejected(RejectReason.DENIED, 50);
			assertThat(log.messages()).hasSize(50).allMatch((line) -> line.matches("127\\.0\\.0\\.2:\\d+: denied"));
		}
		assertEchoed(connect(server, "127.0.0.3"));
		// The numbers of connections are those of the served
		assertThat(this.registry.connections()).singleElement()
			.satisfies((connection) -> assertThat(connection.id()).isEqualTo(1));
		assertThat(this.registry.totals().accepted()).isEqualTo(51);
	}

	@Test
	void oneAddressAtItsLimitCostsOthersNothing() throws Exception {
		this.admission = rules("", "", 5);
		this.maxConnections = 6;
		TcpServer server = start(Protocol.ECHO);
		List<Peer> greedy = new ArrayList<>();
		for (int i = 0; i < 5; i++) {
			greedy.add(connect(server, "127.0.0.2"));
			assertEchoed(greedy.getLast());
		}
		// Comes again and again for the last place; its close fails if it was not served
		this.opened.later(new Bystander(() -> {
		}, () -> {
			try (Peer peer = Peer.connect("127.0.0.3", port(server))) {
				assertEchoed(peer);
			}
		}));
		for (int i = 0; i < 500; i++) {
			for (Peer peer : greedy) {
				assertThat(peer.send((byte) i).receive(1)).containsExactly((byte) i);
			}
			Peer.connect("127.0.0.2", port(server)).close();
		}
		awaitRejected(RejectReason.ADDRESS_LIMIT, 500);
		greedy.getFirst().endStream().receiveToEnd();
		Awaitility.await().until(() -> open("127.0.0.2") == 4);
		awaitServed(server, "127.0.0.2");
	}

	// A connection that is over gives its share back a moment after it is counted
	private void awaitServed(TcpServer server, String from) {
		Awaitility.await()
			.pollDelay(Duration.ZERO)
			.ignoreExceptionsInstanceOf(IOException.class)
			.untilAsserted(() -> assertEchoed(connect(server, from)));
	}

	private long open(String address) {
		return this.registry.connections()
			.stream()
			.filter((connection) -> connection.peerText().startsWith(address + ":"))
			.count();
	}

	@Test
	void underChurnEveryAnswerAddsUpAndNothingIsKept() throws Exception {
		this.admission = new AdmissionRules(null, AddressPrefixes.NONE, ProxyProtocolTests.prefixes("127.0.0.9"), 2);
		TcpServer server = start(Protocol.ECHO);
		AtomicBoolean done = new AtomicBoolean();
		List<Thread> clients = new ArrayList<>();
		for (String from : List.of("127.0.0.2", "127.0.0.2", "127.0.0.2", "127.0.0.3", "127.0.0.9")) {
			clients.add(Thread.ofPlatform().start(() -> churn(server, from)));
		}
		CompletableFuture<Void> watcher = CompletableFuture.runAsync(() -> {
			long accepted = 0;
			while (!done.get()) {
				Totals totals = this.registry.totals();
				assertThat(totals.accepted()).isGreaterThanOrEqualTo(accepted);
				accepted = totals.accepted();
			}
		});
		for (Thread client : clients) {
			client.join();
		}
		done.set(true);
		watcher.get(10, TimeUnit.SECONDS);
		// The last ones may still wait in the queue
		Awaitility.await().untilAsserted(() -> assertThat(this.registry.totals().accepted()).isEqualTo(5 * 300));
		awaitNoneActive();
		Totals totals = this.registry.totals();
		assertThat(totals.accepted()).isEqualTo(5 * 300);
		assertThat(totals.rejected(RejectReason.DENIED)).isEqualTo(300);
		long served = totals.closed().values().stream().mapToLong(Long::longValue).sum();
		assertThat(served + totals.rejected(RejectReason.ADDRESS_LIMIT)).isEqualTo(4 * 300);
		// Every share has come back
		for (int i = 0; i < 2; i++) {
			awaitServed(server, "127.0.0.2");
			awaitServed(server, "127.0.0.3");
		}
	}

	private static void churn(TcpServer server, String from) {
		for (int i = 0; i < 300; i++) {
			try (Peer peer = Peer.connect(from, port(server))) {
				peer.send((byte) i);
				if (i % 3 == 0) {
					peer.reset();
				}
				else if (i % 3 == 1) {
					peer.endStream().receiveToEnd();
				}
			}
			catch (IOException ex) {
				// A refused one may meet an RST
			}
		}
	}

}

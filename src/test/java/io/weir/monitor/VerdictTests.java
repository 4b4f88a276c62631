package io.weir.monitor;

import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.stream.Stream;

import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.weir.Peer;
import io.weir.connection.CloseReason;
import io.weir.connection.Layer;
import io.weir.connection.ProxyRule;
import io.weir.kernel.Reading;
import io.weir.server.AcceptError;
import io.weir.server.AdmissionRules;
import io.weir.server.ServerState;
import io.weir.server.ServerStatus;
import io.weir.transport.AddressPrefix;
import io.weir.transport.AddressPrefixes;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Verdict}.
 */
class VerdictTests {

	@AutoClose
	private final RunningServer running = new RunningServer(2, Duration.ofSeconds(4), Duration.ofSeconds(10));

	private String verdict() {
		return this.running.monitor().snapshot().verdict();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					accepting   | 0  | accepted at once
					accepting   | 7  | accepted: after 7 that wait in the queue
					accepting   | 17 | dropped: the queue of 16 is full with 17, as connections come faster than they are accepted; newcomers were dropped 9 times so far
					full        | 2  | waits: 2 of 2 places are taken, 2 of 16 wait in the queue
					full        | 17 | dropped: the queue of 16 is full with 17, as 2 of 2 places are taken; newcomers were dropped 9 times so far
					full        |    | waits: 2 of 2 places are taken, how many wait in the queue is not known
					backing_off | 3  | waits: accept(2) has failed for 4 s (EMFILE) and is tried again, 3 of 16 wait in the queue
					backing_off | 17 | dropped: the queue of 16 is full with 17, as accept(2) has failed for 4 s (EMFILE) and is tried again; newcomers were dropped 9 times so far
					failed      | 1  | waits: the accept loop has failed and starts again in a second, 1 of 16 wait in the queue
					starting    |    | nobody listens: the server is starting
					stopped     |    | nobody listens: the server is stopped
					""")
	void everyStateHasItsSentence(String state, @Nullable Long waiting, String verdict) {
		ServerState accepting = ServerState.valueOf(state.toUpperCase(Locale.ROOT));
		Reading<AcceptQueue> queue = (waiting != null)
				? new Reading.Available<>(
						new AcceptQueue(waiting, OptionalLong.of(16), OptionalLong.of(9), OptionalLong.of(10)))
				: new Reading.Unavailable<>("not asked");
		assertThat(Verdict.of(status(accepting, accepting), queue)).isEqualTo(verdict);
	}

	@Test
	void aDrainTakesNewcomersUntilItsDelayIsOver() {
		Reading<AcceptQueue> queue = new Reading.Unavailable<>("not asked");
		assertThat(Verdict.of(status(ServerState.DRAINING, ServerState.FULL), queue)).isEqualTo(
				"waits: 2 of 2 places are taken, how many wait in the queue is not known; only until tcp.server.drain.delay is over");
		assertThat(Verdict.of(status(ServerState.DRAINING, ServerState.STOPPED), queue))
			.isEqualTo("nobody listens: the server drains, and takes no newcomers any more");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', nullValues = "-",
			textBlock = """
					accepting | 0  | -                                | 0.0.0.0/0                  | 0 | refused: tcp.server.deny has every address
					accepting | 2  | -                                | 0.0.0.0/1, 128.0.0.0/1     | 0 | refused: tcp.server.deny has every address
					accepting | 0  | 10.0.0.0/8, 192.0.2.7            | 10.0.0.0/8, 192.0.2.0/24   | 0 | refused: tcp.server.deny has every address that tcp.server.allow has
					accepting | 0  | 2001:db8::/32                    | -                          | 0 | refused: tcp.server.allow has IPv6 addresses only, which no client has without a proxy
					full      | 1  | -                                | 0.0.0.0/0                  | 0 | waits: 2 of 2 places are taken, 1 of 16 wait in the queue; then it is refused: tcp.server.deny has every address
					full      | 17 | -                                | 0.0.0.0/0                  | 0 | dropped: the queue of 16 is full with 17, as 2 of 2 places are taken; newcomers were dropped 9 times so far; then it is refused: tcp.server.deny has every address
					stopped   | 0  | -                                | 0.0.0.0/0                  | 0 | nobody listens: the server is stopped
					accepting | 0  | -                                | 0.0.0.0/1                  | 0 | accepted at once; clients from 0.0.0.0/1 (tcp.server.deny) are refused
					accepting | 0  | -                                | ::/0                       | 0 | accepted at once
					accepting | 0  | 10.0.0.0/8                       | -                          | 0 | accepted at once; clients from elsewhere than 10.0.0.0/8 (tcp.server.allow) are refused
					full      | 0  | 10.0.0.0/8, 2001:db8::/32        | 10.1.0.0/16                | 0 | waits: 2 of 2 places are taken, 0 of 16 wait in the queue; clients from elsewhere than 10.0.0.0/8 (tcp.server.allow), and from 10.1.0.0/16 (tcp.server.deny) are refused
					accepting | 3  | 10.0.0.1, 10.0.0.3, 10.0.0.5, 10.0.0.7, 10.0.0.9 | -         | 0 | accepted: after 3 that wait in the queue; clients from elsewhere than 10.0.0.1, 10.0.0.3, 10.0.0.5 and 2 more (tcp.server.allow) are refused
					accepting | 0  | -                                | -                          | 1 | accepted at once; clients from the one address that has 5 open (tcp.server.max-connections-per-address) are refused
					accepting | 0  | -                                | 10.0.0.0/8                 | 3 | accepted at once; clients from 10.0.0.0/8 (tcp.server.deny), and from the 3 addresses that have 5 each open (tcp.server.max-connections-per-address) are refused
					""")
	void whomTheRulesRefuseIsTold(String accepting, long waiting, @Nullable String allow, @Nullable String deny,
			int atLimit, String verdict) {
		ServerState state = ServerState.valueOf(accepting.toUpperCase(Locale.ROOT));
		AdmissionRules rules = new AdmissionRules(null, prefixes(allow), prefixes(deny), 5);
		Reading<AcceptQueue> queue = new Reading.Available<>(
				new AcceptQueue(waiting, OptionalLong.of(16), OptionalLong.of(9), OptionalLong.of(10)));
		assertThat(Verdict.of(status(state, state, rules, atLimit), queue)).isEqualTo(verdict);
	}

	@Test
	void aProxyMayBringClientsOfIpv6() {
		Reading<AcceptQueue> queue = new Reading.Unavailable<>("not asked");
		Layer layer = new Layer((lower, connection) -> lower, Duration.ofSeconds(1), CloseReason.HANDSHAKE_FAILED,
				CloseReason.HANDSHAKE_TIMEOUT);
		ProxyRule proxies = new ProxyRule(prefixes("127.0.0.1"), layer);
		AdmissionRules noIpv4 = new AdmissionRules(proxies, AddressPrefixes.NONE, prefixes("0.0.0.0/0"), 0);
		assertThat(Verdict.of(status(ServerState.ACCEPTING, ServerState.ACCEPTING, noIpv4, 0), queue))
			.isEqualTo("accepted at once; clients from 0.0.0.0/0 (tcp.server.deny) are refused");
		AdmissionRules nobody = new AdmissionRules(proxies, AddressPrefixes.NONE, prefixes("::/0, 0.0.0.0/0"), 0);
		assertThat(Verdict.of(status(ServerState.ACCEPTING, ServerState.ACCEPTING, nobody, 0), queue))
			.isEqualTo("refused: tcp.server.deny has every address");
		AdmissionRules ipv6 = new AdmissionRules(proxies, prefixes("2001:db8::/32"), AddressPrefixes.NONE, 0);
		assertThat(Verdict.of(status(ServerState.ACCEPTING, ServerState.ACCEPTING, ipv6, 0), queue))
			.isEqualTo("accepted at once; clients from elsewhere than 2001:db8::/32 (tcp.server.allow) are refused");
	}

	private static AddressPrefixes prefixes(@Nullable String text) {
		return (text != null) ? AddressPrefixes.of(Stream.of(text.split(", ", -1)).map(AddressPrefix::parse).toList())
				: AddressPrefixes.NONE;
	}

	private ServerStatus status(ServerState state, ServerState accepting) {
		return status(state, accepting, AdmissionRules.NONE, 0);
	}

	private ServerStatus status(ServerState state, ServerState accepting, AdmissionRules rules, int atLimit) {
		ServerStatus status = this.running.server().status();
		return new ServerStatus(state, accepting, null, Duration.ofSeconds(4), AcceptError.EMFILE, null, null, null,
				status.protocol(), status.protocolSource(), status.sockets(), status.serving(), rules, atLimit,
				status.stalls(), status.acceptErrors());
	}

	@Test
	void aRealServerPassesThroughThem() throws Exception {
		assertThat(verdict()).startsWith("nobody listens: the server is starting");
		this.running.start();
		this.running.diagnostics().listener(0, 2, 0);
		assertThat(verdict()).isEqualTo("accepted at once");
		try (Peer one = this.running.connect(); Peer two = this.running.connect()) {
			one.send((byte) 1).receive(1);
			two.send((byte) 1).receive(1);
			Awaitility.await().until(() -> verdict().startsWith("waits: 2 of 2 places are taken, 0 of 2 wait"));
			this.running.diagnostics().listener(3, 2, 0);
			assertThat(verdict()).startsWith("dropped: the queue of 2 is full with 3, as 2 of 2 places are taken");
			this.running.diagnostics().listener(0, 2, 0);
			// A drain waits for what is inside a record
			one.send((byte) 'p');
			two.send((byte) 'p');
			Thread stopping = Thread.ofPlatform().start(this.running.server()::stop);
			// Within the delay, and after it until the connections are cut
			Awaitility.await().until(() -> verdict().endsWith("; only until tcp.server.drain.delay is over"));
			assertThat(verdict()).startsWith("waits: ");
			// The loop waits for a place for this one
			this.running.diagnostics().listener(1, 2, 0);
			Awaitility.await().until(() -> verdict().startsWith("nobody listens: the server drains"));
			assertThat(Objects.requireNonNull(this.running.server().address())).isNotNull();
			one.endStream();
			two.endStream();
			stopping.join();
		}
		assertThat(verdict()).isEqualTo("nobody listens: the server is stopped");
	}

}

package io.weir;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static io.weir.protocol.Recipe.DATA;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Clients that come while others send at full speed are served at once.
 */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
@EnabledOnOs(value = OS.LINUX, disabledReason = "needs taskset")
class NewcomerIntegrationTests extends TlsProcessTest {

	private static final byte[] RECORD = new byte[22];

	private static final byte[] NOTHING = {};

	private static final Duration LIMIT = Duration.ofMillis(250);

	// Until a server has chosen threads for the senders
	private static final Duration LEAD_IN = Duration.ofSeconds(2);

	private static final Duration PATIENCE = Duration.ofSeconds(5);

	private static final int SENDERS = 24;

	private static final int NEWCOMERS = 20;

	@BeforeAll
	static void issue() throws IOException {
		certificates.issue("server", 20);
	}

	@ParameterizedTest
	@CsvSource({ "record, 2, auto", "record, 1, auto", "echo, 1, auto", "echo-record, 2, auto", "discard, 2, auto",
			"record, 2, virtual", "record, 1, virtual", "record, 2, platform", "record, 1, platform" })
	void whenManySendAtFullSpeedThenNewcomersAreServedAtOnce(String protocol, int processors, String threads)
			throws Exception {
		try (WeirProcess weir = start(List.of(), protocol, processors, threads)) {
			Duration calm = slowestOfCalm(weir, protocol, null);
			try (FullSpeedSenders senders = FullSpeedSenders.connect(weir.tcpPort(), SENDERS)) {
				awaitActive(weir);
				senders.begin(LEAD_IN);
				assertNewcomersAreServed(weir, protocol, null, LIMIT.plus(calm));
			}
		}
	}

	@ParameterizedTest
	@CsvSource({ "record, 2, auto", "record, 1, auto" })
	void whenManySendAtFullSpeedOverTlsThenNewcomersAreServedAtOnce(String protocol, int processors, String threads)
			throws Exception {
		TlsClient clients = new TlsClient(certificates, null);
		try (WeirProcess weir = start(certificates.arguments("server"), protocol, processors, threads)) {
			Duration calm = slowestOfCalm(weir, protocol, clients);
			try (FullSpeedSenders senders = FullSpeedSenders.connect(clients, weir.tcpPort(), SENDERS)) {
				awaitActive(weir);
				senders.begin(LEAD_IN);
				assertNewcomersAreServed(weir, protocol, clients, LIMIT.plus(calm));
			}
		}
	}

	private static WeirProcess start(List<String> more, String protocol, int processors, String threads)
			throws Exception {
		return start(Command.onProcessors(processors), List.of(), more, "--tcp.server.protocol=" + protocol,
				"--tcp.server.threads=" + threads);
	}

	private static void awaitActive(WeirProcess weir) {
		try (Actuator actuator = weir.actuator()) {
			actuator.awaitActive(SENDERS);
		}
	}

	private static void assertNewcomersAreServed(WeirProcess weir, String protocol, @Nullable TlsClient tls,
			Duration limit) throws IOException {
		List<Duration> waits = new ArrayList<>();
		Stopwatch all = Stopwatch.start();
		for (int i = 0; i < NEWCOMERS && all.time().compareTo(PATIENCE) < 0; i++) {
			Stopwatch one = Stopwatch.start();
			visit(weir, protocol, tls);
			waits.add(one.time());
		}
		assertThat(waits).as("waits of newcomers").hasSize(NEWCOMERS).allMatch((wait) -> wait.compareTo(limit) < 0);
	}

	// Three times what the machine takes without senders. The first visits cost a server
	// the loading of its classes
	private static Duration slowestOfCalm(WeirProcess weir, String protocol, @Nullable TlsClient tls)
			throws IOException {
		Duration slowest = Duration.ZERO;
		for (int i = 0; i < 2 * NEWCOMERS; i++) {
			Stopwatch one = Stopwatch.start();
			visit(weir, protocol, tls);
			Duration time = one.time();
			slowest = (i >= NEWCOMERS && time.compareTo(slowest) > 0) ? time : slowest;
		}
		return slowest.multipliedBy(3);
	}

	// The server ends its side when it has served all
	private static void visit(WeirProcess weir, String protocol, @Nullable TlsClient tls) throws IOException {
		try (Socket plain = TlsClient.plain(weir.tcpPort(), 0);
				Socket socket = (tls != null) ? tls.over(plain) : plain) {
			socket.setSoTimeout(5_000);
			switch (protocol) {
				case "echo" -> exchange(socket, DATA, DATA);
				case "echo-record" -> {
					exchange(socket, DATA, DATA);
					exchange(socket, RECORD, NOTHING);
				}
				default -> exchange(socket, RECORD, NOTHING);
			}
			socket.shutdownOutput();
			assertThat(socket.getInputStream().readAllBytes()).isEmpty();
		}
	}

	private static void exchange(Socket socket, byte[] bytes, byte[] answer) throws IOException {
		socket.getOutputStream().write(bytes);
		assertThat(socket.getInputStream().readNBytes(answer.length)).isEqualTo(answer);
	}

}

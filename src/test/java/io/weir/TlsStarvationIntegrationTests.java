package io.weir;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLSocket;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * One client that sends TLS records without end and gets no further holds nobody up, and
 * is ended.
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
@EnabledOnOs(value = OS.LINUX, disabledReason = "needs taskset")
class TlsStarvationIntegrationTests extends TlsProcessTest {

	private static final Duration LIMIT = Duration.ofMillis(250);

	private static final Duration HANDSHAKE_TIMEOUT = Duration.ofSeconds(2);

	private static final Duration ATTACK = Duration.ofSeconds(2);

	private static final byte[] NOTHING = {};

	@BeforeAll
	static void issue() throws IOException {
		certificates.issue("server", 20);
	}

	@ParameterizedTest
	@CsvSource({ "1, auto", "2, auto", "1, virtual", "2, virtual", "1, platform", "2, platform" })
	void whenAClientSendsWarningsWithoutEndThenOthersAreServedAndItIsEnded(int processors, String threads)
			throws Exception {
		TlsClient clients = new TlsClient(certificates, null);
		try (WeirProcess weir = start(processors, threads); Actuator actuator = weir.actuator()) {
			attackWithWarnings(weir, clients);
			assertHandshakesHaveFailed(actuator);
		}
	}

	@Test
	void whenAClientSendsRecordsWithoutEndThenOthersAreServedAndItIsEnded() throws Exception {
		TlsClient clients = new TlsClient(certificates, null);
		byte[] hello = TlsAttacker.fragments(TlsAttacker.clientHello(clients.context(), "TLSv1.3"));
		try (WeirProcess weir = start(1, "auto"); Actuator actuator = weir.actuator()) {
			attackWithWarnings(weir, clients);
			attack(weir, clients, TlsAttacker.sending(NOTHING, TlsAttacker.EMPTY_HANDSHAKE));
			attack(weir, clients, TlsAttacker.sending(hello, TlsAttacker.EMPTY_HANDSHAKE));
			attack(weir, clients, TlsAttacker.sending(TlsAttacker.LONG_HELLO, TlsAttacker.HANDSHAKE_BYTE));
			assertHandshakesHaveFailed(actuator);
			updateKeys(weir, clients);
		}
	}

	private static void attackWithWarnings(WeirProcess weir, TlsClient clients) throws Exception {
		byte[] hello = TlsAttacker.clientHello(clients.context(), "TLSv1.2");
		attack(weir, clients, TlsAttacker.sending(NOTHING, TlsAttacker.WARNING));
		attack(weir, clients, TlsAttacker.sending(hello, TlsAttacker.WARNING));
	}

	// New keys are allowed, however often: only the others matter
	private static void updateKeys(WeirProcess weir, TlsClient clients) throws Exception {
		try (Bystander other = Bystander.echoing(connect(weir, clients), LIMIT)) {
			other.calibrate();
			try (TlsAttacker attacker = new TlsAttacker(weir.tcpPort(), TlsAttacker.updatingKeys(clients))) {
				Awaitility.await("the attacker is never ended")
					.during(ATTACK)
					.atMost(ATTACK.plusSeconds(20))
					.until(() -> attacker.ended() == 0);
			}
		}
	}

	private static WeirProcess start(int processors, String threads) throws Exception {
		return start(Command.onProcessors(processors), List.of(), certificates.arguments("server"),
				"--tcp.server.protocol=echo", "--tcp.server.threads=" + threads,
				"--tcp.server.ssl.handshake-timeout=" + HANDSHAKE_TIMEOUT.toMillis());
	}

	private static void attack(WeirProcess weir, TlsClient clients, TlsAttacker.Attack attack) throws Exception {
		try (Bystander other = Bystander.echoing(connect(weir, clients), LIMIT)) {
			other.calibrate();
			try (TlsAttacker attacker = new TlsAttacker(weir.tcpPort(), attack)) {
				Awaitility.await("the attacker is ended")
					.pollDelay(ATTACK)
					.atMost(ATTACK.plus(HANDSHAKE_TIMEOUT).plusSeconds(8))
					.until(() -> attacker.ended() > 0 && other.exchanges() > 0);
			}
		}
	}

	// The first connections cost a server the loading of its classes
	private static SSLSocket connect(WeirProcess weir, TlsClient clients) throws IOException {
		for (int i = 0; i < 5; i++) {
			try (SSLSocket first = clients.connect(weir.tcpPort())) {
				TlsClient.echo(first);
			}
		}
		SSLSocket socket = clients.connect(weir.tcpPort());
		TlsClient.echo(socket);
		return socket;
	}

	private static void assertHandshakesHaveFailed(Actuator actuator) throws Exception {
		JsonNode closed = actuator.json("/tcpserver").at("/connections/closed");
		assertThat(closed.at("/handshake_failed").asInt() + closed.at("/handshake_timeout").asInt())
			.as(closed.toString())
			.isPositive();
		assertThat(closed.at("/handler_error").asInt()).as(closed.toString()).isZero();
	}

}

package io.weir;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLSocket;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Many handshakes at once, each of which costs the server a signature, hold up nobody who
 * is connected.
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class HandshakeFloodIntegrationTests extends TlsProcessTest {

	private static final int HANDSHAKES = 2_000;

	private static final int BYSTANDERS = 4;

	private static final Duration LIMIT = Duration.ofMillis(250);

	private static final Duration SLOWEST = Duration.ofSeconds(2);

	private static final Duration TIMEOUT = Duration.ofSeconds(3);

	@BeforeAll
	static void issue() throws IOException {
		certificates.issueRsa("server", 20, 4096);
	}

	@ParameterizedTest
	@CsvSource({ "1, auto", "2, auto", "1, virtual", "2, virtual", "1, platform", "2, platform" })
	void whenHandshakesFloodTheServerThenOpenConnectionsAreServedAndThoseThatWaitTimeOut(int processors, String threads)
			throws Exception {
		TlsClient clients = new TlsClient(certificates, null);
		byte[] hello = TlsAttacker.clientHello(clients.context(), "TLSv1.3");
		List<Bystander> others = new ArrayList<>();
		List<Socket> flood = new ArrayList<>();
		try (WeirProcess weir = start(Command.onProcessors(processors), List.of(), certificates.arguments("server"),
				"--tcp.server.protocol=echo", "--tcp.server.threads=" + threads,
				"--tcp.server.ssl.handshake-timeout=" + TIMEOUT.toMillis()); Actuator actuator = weir.actuator()) {
			for (int i = 0; i < BYSTANDERS; i++) {
				SSLSocket socket = clients.connect(weir.tcpPort());
				TlsClient.echo(socket);
				others.add(Bystander.echoing(socket, LIMIT));
			}
			others.forEach(Bystander::calibrate);
			for (int i = 0; i < HANDSHAKES; i++) {
				Socket socket = TlsClient.plain(weir.tcpPort(), 0);
				flood.add(socket);
				socket.getOutputStream().write(hello);
			}
			Awaitility.await("the others are served meanwhile")
				.during(TIMEOUT)
				.atMost(TIMEOUT.plusSeconds(20))
				.until(() -> areServedWithin(SLOWEST, others));
			assertThat(percentile(others, 0.99)).as("99th percentile of the others' exchanges")
				.isLessThan(others.getFirst().limit());
			// Their time begins when each is accepted: busy platform threads put that off
			Awaitility.await()
				.atMost(Duration.ofSeconds(60))
				.pollInterval(Duration.ofMillis(250))
				.untilAsserted(
						() -> assertThat(timedOut(actuator)).as("handshakes that timed out").isEqualTo(HANDSHAKES));
			assertThat(actuator.json("/tcpserver").at("/connections/active").asInt()).isEqualTo(BYSTANDERS);
			others.forEach(Bystander::awaitServed);
			assertThat(areServedWithin(SLOWEST, others)).as("the others' exchanges, the slowest included").isTrue();
		}
		finally {
			others.forEach(Bystander::end);
			for (Socket socket : flood) {
				socket.close();
			}
		}
	}

	private static int timedOut(Actuator actuator) throws Exception {
		return actuator.json("/tcpserver").at("/connections/closed/handshake_timeout").asInt();
	}

	private static boolean areServedWithin(Duration limit, List<Bystander> others) {
		return others.stream().flatMap((other) -> other.waits().stream()).allMatch((wait) -> wait.compareTo(limit) < 0);
	}

	private static Duration percentile(List<Bystander> others, double share) {
		List<Duration> waits = others.stream().flatMap((other) -> other.waits().stream()).sorted().toList();
		return waits.get((int) (share * waits.size()));
	}

}

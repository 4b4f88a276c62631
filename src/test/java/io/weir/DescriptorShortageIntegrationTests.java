package io.weir;

import java.io.IOException;
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static io.weir.protocol.Recipe.DATA;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * A process that was without free file descriptors for a moment serves everybody
 * afterwards: nothing is lost for good.
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
@EnabledOnOs(value = OS.LINUX, disabledReason = "needs prlimit and /proc")
class DescriptorShortageIntegrationTests {

	private static final int NEWCOMERS = 20;

	// So many the accept loop gives up for the web server
	private static final int SPARE = 8;

	private static final Duration PATIENCE = Duration.ofSeconds(40);

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path directory;

	@ParameterizedTest
	@ValueSource(strings = { "auto", "virtual", "platform" })
	void whenTheFirstClientsTakeTheLastDescriptorsThenAllAreServedOnceSomeAreFree(String threads) throws Exception {
		// The web server's connections can take all
		int limit = 250;
		List<Peer> clients = new ArrayList<>();
		try (WeirProcess weir = WeirProcess
			.start(Command.withDescriptors(limit), this.directory, Map.of(), "--tcp.server.port=0",
					"--tcp.server.protocol=echo", "--tcp.server.threads=" + threads)
			.awaitStarted(); Actuator actuator = weir.actuator()) {
			// The web server's threads, classes and files for these answers
			assertUp(actuator);
			int before = Footprint.openFiles(weir.pid());
			fillUp(weir, actuator.port(), limit - 3, clients);
			for (int i = 0; i < 3; i++) {
				clients.add(Peer.connect(weir.tcpPort()));
			}
			Awaitility.await("the shortage lasts a moment")
				.during(Duration.ofMillis(500))
				.until(() -> Footprint.openFiles(weir.pid()) >= limit - 3 - SPARE);
			// Over a connection that it has kept
			assertThat(actuator.json("/tcpserver").get("verdict").asString())
				.startsWith("waits: accept(2) has failed for ")
				.contains(" (EMFILE) and is tried again");
			for (Peer client : clients) {
				client.close();
			}
			Awaitility.await("descriptors are free").until(() -> Footprint.openFiles(weir.pid()) < before + 20);
			assertAllAreServed(weir);
			assertUp(actuator);
		}
		finally {
			for (Peer client : clients) {
				client.close();
			}
		}
	}

	// As the kubelet asks: over a new connection each time
	@Test
	void whileClientsHoldAllDescriptorsNewProbesAreAnswered() throws Exception {
		int limit = 300;
		List<Peer> clients = new ArrayList<>();
		try (WeirProcess weir = WeirProcess
			.start(Command.withDescriptors(limit), this.directory, Map.of(), "--tcp.server.port=0",
					"--tcp.server.protocol=echo")
			.awaitStarted(); Actuator actuator = weir.actuator()) {
			for (int i = 0; i < limit; i++) {
				clients.add(Peer.connect(weir.tcpPort()));
			}
			weir.awaitLog("Cannot accept connections for now (EMFILE: ");
			// Keeps its connection, as a scraper does: a descriptor less for the probes
			assertThat(actuator.json("/tcpserver").get("state").asString()).isEqualTo("backing_off");
			Awaitility.await("each new probe is answered")
				.during(Duration.ofSeconds(4))
				.atMost(PATIENCE)
				.until(() -> probe(actuator.port()), (answer) -> answer.startsWith("HTTP/1.1 200 "));
			assertThat(served(clients.subList(0, NEWCOMERS))).as("clients that are connected").isEqualTo(NEWCOMERS);
			// The last ones wait in the queue
			for (int i = 0; i < limit / 2; i++) {
				clients.get(i).close();
			}
			assertThat(served(clients.subList(limit / 2, limit))).as("clients that waited").isEqualTo(limit / 2);
			assertAllAreServed(weir);
			assertUp(actuator);
		}
		finally {
			for (Peer client : clients) {
				client.close();
			}
		}
	}

	private static String probe(int port) throws IOException {
		try (Peer peer = Peer.connect(port)) {
			peer.send("GET /actuator/health/liveness HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
				.getBytes(StandardCharsets.US_ASCII));
			return new String(peer.receiveToEnd(), StandardCharsets.US_ASCII);
		}
	}

	// Each is an idle connection of the web server's
	private static void fillUp(WeirProcess weir, int httpPort, int descriptors, List<Peer> clients) throws IOException {
		for (int open = leastOpenFiles(weir); open < descriptors; open = leastOpenFiles(weir)) {
			int missing = Math.min(descriptors - open, 20);
			for (int i = 0; i < missing; i++) {
				clients.add(Peer.connect(httpPort));
			}
			int expected = open + missing;
			Awaitility.await("the web server accepts")
				.pollInterval(Duration.ofMillis(5))
				.until(() -> Footprint.openFiles(weir.pid()) >= expected);
		}
	}

	// A file that the process has open for a moment is in one look at the most
	private static int leastOpenFiles(WeirProcess weir) throws IOException {
		int least = Footprint.openFiles(weir.pid());
		for (int i = 0; i < 4; i++) {
			least = Math.min(least, Footprint.openFiles(weir.pid()));
		}
		return least;
	}

	@ParameterizedTest
	@ValueSource(strings = { "auto", "virtual" })
	void whenClientsStormTheStartWithoutDescriptorsThenAllAreServedAfterwards(String threads) throws Exception {
		int port = FreePort.find();
		try (Storm storm = new Storm(port, 400);
				WeirProcess weir = WeirProcess
					.start(Command.withDescriptors(256), this.directory, Map.of(), "--tcp.server.port=" + port,
							"--tcp.server.protocol=echo", "--tcp.server.threads=" + threads)
					.awaitStarted()) {
			storm.end();
			try (Actuator actuator = weir.actuator()) {
				Awaitility.await("the storm is over")
					.atMost(PATIENCE)
					.ignoreExceptionsInstanceOf(IOException.class)
					.until(() -> actuator.json("/tcpserver").at("/connections/active").asInt() == 0);
				assertAllAreServed(weir);
				assertUp(actuator);
			}
		}
	}

	// Twice each: a connection's thread has waited for bytes in between
	private static void assertAllAreServed(WeirProcess weir) throws IOException {
		List<Peer> newcomers = new ArrayList<>();
		try {
			for (int i = 0; i < NEWCOMERS; i++) {
				newcomers.add(Peer.connect(weir.tcpPort()));
				newcomers.get(i).timeout(5_000);
			}
			assertThat(served(newcomers)).as("newcomers that are served once").isEqualTo(NEWCOMERS);
			assertThat(served(newcomers)).as("newcomers that are served twice").isEqualTo(NEWCOMERS);
		}
		finally {
			for (Peer newcomer : newcomers) {
				newcomer.close();
			}
		}
	}

	private static int served(List<Peer> peers) {
		int served = 0;
		for (Peer peer : peers) {
			try {
				served += (peer.send(DATA).receive(DATA.length).length == DATA.length) ? 1 : 0;
			}
			catch (IOException ex) {
				// Not served, so not counted
			}
		}
		return served;
	}

	private static void assertUp(Actuator actuator) throws Exception {
		for (String path : List.of("/health", "/health/liveness", "/health/readiness")) {
			assertThat(actuator.json(path).at("/status").asString()).as(path).isEqualTo("UP");
		}
	}

	/**
	 * Clients that connect, send, wait a little for an answer, stay a little, and connect
	 * again, from before there is a server.
	 */
	private static final class Storm implements AutoCloseable {

		private static final int PAUSE_MILLIS = 10;

		private static final int PATIENCE_MILLIS = 1_000;

		private final CountDownLatch end = new CountDownLatch(1);

		private final List<Thread> clients = new ArrayList<>();

		private final int port;

		private Storm(int port, int count) {
			this.port = port;
			for (int i = 0; i < count; i++) {
				this.clients.add(Thread.ofVirtual().start(this::run));
			}
		}

		private void run() {
			try {
				while (!this.end.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS)) {
					connect();
				}
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}

		private void connect() throws InterruptedException {
			try (Peer peer = Peer.connect(this.port)) {
				peer.timeout(PATIENCE_MILLIS);
				peer.send(DATA).receive(DATA.length);
				this.end.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
			}
			catch (ConnectException ex) {
				// It does not listen yet
			}
			catch (IOException ex) {
				// It has no descriptor for this one: so it shall be
			}
		}

		private void end() {
			this.end.countDown();
			// One that connects waits for ten seconds
			Awaitility.await("the end of the storm")
				.atMost(PATIENCE)
				.until(() -> this.clients.stream().noneMatch(Thread::isAlive));
		}

		@Override
		public void close() {
			end();
		}

	}

}

package io.weir;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import javax.net.ssl.SSLSocket;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An output that takes nothing costs log lines, and neither clients nor the end of the
 * process.
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
@EnabledOnOs(value = OS.LINUX, disabledReason = "knows the size of a pipe on Linux")
class LoggingIntegrationTests {

	private static final Pattern DROPPED = Pattern.compile("(\\d+) log lines were dropped");

	private static final Pattern NUMBER = Pattern.compile("recv: b'(\\d{8})'");

	// Delay, grace period and 8 s
	private static final Duration END = Duration.ofSeconds(1 + 8);

	// As many as fit into the buffer of lines, whatever the thread that writes them does
	private static final int PART = 5_000;

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path directory;

	@ParameterizedTest
	@ValueSource(strings = { "INFO", "DEBUG", "TRACE" })
	void whenNobodyReadsTheOutputThenClientsAreServedAndTheProcessEndsInTime(String level) throws Exception {
		try (PipedProcess weir = PipedProcess.start(this.directory, "--tcp.server.protocol=echo",
				"--logging.level.root=" + level); Peer peer = weir.connect(); Actuator actuator = weir.actuator()) {
			exchange(peer, 0, 200);
			awaitLive(actuator);
			weir.terminate();
			assertThat(weir.exitCode(END)).isEqualTo(143);
		}
	}

	@Test
	void whenNobodyReadsTheOutputAndTlsIsLoggedInFullThenClientsAreServedAndTheProcessEndsInTime() throws Exception {
		Certificates certificates = new Certificates(this.directory).issue("server", 20);
		List<String> arguments = new ArrayList<>(certificates.arguments("server"));
		arguments.addAll(List.of("--tcp.server.protocol=echo", "--logging.level.root=TRACE"));
		// The JDK's TLS has a logger only with this property, empty
		try (PipedProcess weir = PipedProcess.start(List.of("-Djavax.net.debug="), this.directory,
				arguments.toArray(String[]::new)); Actuator actuator = weir.actuator()) {
			weir.connect().close();
			TlsClient clients = new TlsClient(certificates, null);
			for (int i = 0; i < 20; i++) {
				try (SSLSocket client = clients.connect(weir.tcpPort())) {
					TlsClient.echo(client);
				}
			}
			awaitLive(actuator);
			weir.terminate();
			assertThat(weir.exitCode(END)).isEqualTo(143);
		}
	}

	// The server listens a moment before the application has started
	private static void awaitLive(Actuator actuator) {
		Awaitility.await().untilAsserted(() -> assertThat(actuator.status("GET", "/health/liveness")).isEqualTo(200));
	}

	@Test
	void whenAnHttpClientSendsALineEndThenNoLineIsForgedAtAnyLevel() throws Exception {
		String forged = "2026-11-25T12:00:00.000Z  INFO 1 --- forged";
		try (WeirProcess weir = WeirProcess
			.start(this.directory, Map.of(), "--tcp.server.port=0", "--logging.level.root=TRACE")
			.awaitStarted(); Actuator actuator = weir.actuator(); Peer peer = Peer.connect(actuator.port())) {
			peer.send(("GET /actuator/info?a=b%0A" + forged.replace(' ', '+') + " HTTP/1.1\r\nHost: a\r\nX-A: b\r\n "
					+ forged + "\r\n" + forged + ": c\r\nConnection: close\r\n\r\n")
				.getBytes(StandardCharsets.US_ASCII));
			assertThat(peer.receiveToEnd()).isNotEmpty();
			weir.awaitLog("Received [GET /actuator/info");
			weir.terminate();
			assertThat(weir.exitCode()).isEqualTo(143);
			assertThat(weir.lines()).noneMatch((line) -> line.strip().startsWith(forged));
		}
	}

	@Test
	void whenLinesAreDroppedThenTheirNumberTakesTheirPlaceInTheOrder() throws Exception {
		int count = 20_000;
		try (PipedProcess weir = PipedProcess.start(this.directory, "--tcp.server.protocol=echo",
				"--logging.level.io.weir=DEBUG"); Peer peer = weir.connect()) {
			exchange(peer, 0, count);
			weir.read();
			Awaitility.await().until(() -> weir.lines().stream().anyMatch((line) -> DROPPED.matcher(line).find()));
			exchange(peer, count, count + 10);
			String last = "sent: b'%08d'".formatted(count + 9);
			Awaitility.await().until(() -> weir.lines().stream().anyMatch((line) -> line.contains(last)));
			List<String> lines = weir.lines();
			List<Integer> numbers = numbers(lines);
			assertThat(numbers).isSorted().startsWith(0, 1, 2).endsWith(count + 8, count + 9);
			long dropped = lines.stream()
				.map(DROPPED::matcher)
				.filter(Matcher::find)
				.mapToLong((matcher) -> Long.parseLong(matcher.group(1)))
				.sum();
			long sent = lines.stream().filter((line) -> line.contains("sent: b'")).count();
			assertThat(dropped).isPositive();
			assertThat(numbers.size() + sent + dropped).isEqualTo(2L * (count + 10));
			// Told once, not line by line
			assertThat(lines).filteredOn((line) -> DROPPED.matcher(line).find()).hasSizeLessThan(5);
		}
	}

	@Test
	void whenTheOutputIsReadThenNoLineIsLost() throws Exception {
		int count = 50_000;
		try (PipedProcess weir = PipedProcess.start(this.directory, "--tcp.server.protocol=echo",
				"--logging.level.io.weir=DEBUG")) {
			weir.read();
			try (Peer peer = weir.connect()) {
				for (int i = 0; i < count; i += PART) {
					exchange(peer, i, i + PART);
					String last = "sent: b'%08d'".formatted(i + PART - 1);
					Awaitility.await().until(() -> weir.lines().stream().anyMatch((line) -> line.contains(last)));
				}
				peer.endStream();
				peer.receiveToEnd();
			}
			weir.terminate();
			assertThat(weir.exitCode(END)).isEqualTo(143);
			Awaitility.await().until(() -> weir.lines().getLast().contains("Graceful shutdown complete"));
			List<String> lines = weir.lines();
			assertThat(lines.stream().filter((line) -> line.contains("sent: b'")).count()).isEqualTo(count);
			assertThat(numbers(lines)).hasSize(count).isSorted();
		}
	}

	@Test
	void whenTheOutputIsStructuredThenTheLineThatCountsIsSoToo() throws Exception {
		try (PipedProcess weir = PipedProcess.start(this.directory, "--tcp.server.protocol=echo",
				"--logging.structured.format.console=ecs", "--logging.level.io.weir=DEBUG");
				Peer peer = weir.connect()) {
			exchange(peer, 0, 8_000);
			weir.read();
			Awaitility.await().until(() -> weir.lines().stream().anyMatch((line) -> DROPPED.matcher(line).find()));
			JsonMapper json = new JsonMapper();
			assertThat(weir.lines().stream().filter((line) -> line.startsWith("{")))
				.allSatisfy((line) -> assertThat(json.readTree(line).at("/message").asString()).isNotEmpty());
		}
	}

	@Test
	void whenNobodyReadsTheConsoleThenTheFileHasAllLines() throws Exception {
		Path file = this.directory.resolve("weir.log");
		try (PipedProcess weir = PipedProcess.start(this.directory, "--tcp.server.protocol=echo",
				"--logging.level.io.weir=DEBUG", "--logging.file.name=" + file); Peer peer = weir.connect()) {
			for (int i = 0; i < 20_000; i += PART) {
				exchange(peer, i, i + PART);
				String last = "sent: b'%08d'".formatted(i + PART - 1);
				Awaitility.await().until(() -> Files.readString(file).contains(last));
			}
			weir.terminate();
			assertThat(peer.receiveToEnd()).isEmpty();
			peer.endStream();
			assertThat(weir.exitCode(END)).isEqualTo(143);
			List<String> lines = Files.readAllLines(file);
			assertThat(numbers(lines)).hasSize(20_000).isSorted();
			assertThat(lines.stream().filter((line) -> DROPPED.matcher(line).find())).isEmpty();
			assertThat(lines.getLast()).contains("Graceful shutdown complete");
		}
	}

	@Test
	void whenAStartFailsAndNobodyReadsTheOutputThenTheProcessEndsAllTheSame() throws Exception {
		try (PipedProcess weir = PipedProcess.start(this.directory, "--tcp.server.max-connections=0")) {
			assertThat(weir.exitCode(Duration.ofSeconds(30))).isEqualTo(1);
		}
	}

	private static List<Integer> numbers(List<String> lines) {
		return lines.stream()
			.map(NUMBER::matcher)
			.filter(Matcher::find)
			.map((matcher) -> Integer.valueOf(matcher.group(1)))
			.toList();
	}

	private static void exchange(Peer peer, int from, int to) throws Exception {
		for (int i = from; i < to; i++) {
			byte[] data = "%08d".formatted(i).getBytes(StandardCharsets.US_ASCII);
			assertThat(peer.send(data).receive(data.length)).isEqualTo(data);
		}
	}

}

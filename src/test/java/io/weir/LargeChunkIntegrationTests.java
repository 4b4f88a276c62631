package io.weir;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static io.weir.protocol.Recipe.DATA;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Large chunks and records cost memory for the bytes that come, not for those that might.
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class LargeChunkIntegrationTests {

	private static final byte[] RECORD = new byte[22];

	private static final int SILENT = 8;

	private static final int MEBIBYTE = 1024 * 1024;

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path directory;

	@ParameterizedTest
	@CsvSource({ "false", "true" })
	void whenClientsAreSilentOrSendLittleThenNoMemoryIsTakenForLargeChunks(boolean sendLittle) throws Exception {
		List<Peer> silent = new ArrayList<>();
		try (WeirProcess weir = WeirProcess
			.start(List.of(), List.of("-Xmx64m"), this.directory, Map.of(), "--tcp.server.port=0",
					"--tcp.server.protocol=echo-record", "--tcp.server.chunk-size=16MB")
			.awaitStarted(); Actuator actuator = weir.actuator()) {
			for (int i = 0; i < SILENT; i++) {
				Peer peer = Peer.connect(weir.tcpPort());
				silent.add(peer);
				if (sendLittle) {
					assertThat(peer.send(DATA).receive(DATA.length)).isEqualTo(DATA);
				}
			}
			Awaitility.await("all are served")
				.during(Duration.ofMillis(500))
				.untilAsserted(() -> assertThat(actuator.json("/tcpserver").at("/connections/active").asInt())
					.isEqualTo(SILENT));
			for (int i = 0; i < 20; i++) {
				assertIsServed(weir.tcpPort());
			}
			assertThat(actuator.json("/health/liveness").at("/status").asString()).isEqualTo("UP");
			assertThat(actuator.json("/health/readiness").at("/status").asString()).isEqualTo("UP");
			assertThat(actuator.json("/tcpserver").at("/connections/closed/handler_error").asInt()).isZero();
			assertThat(
					actuator.json("/metrics/jvm.buffer.memory.used?tag=id:direct").at("/measurements/0/value").asLong())
				.as("direct memory")
				.isLessThan(SILENT * MEBIBYTE);
			assertThat(weir.log()).doesNotContain("OutOfMemoryError");
		}
		finally {
			for (Peer peer : silent) {
				peer.close();
			}
		}
	}

	private static void assertIsServed(int port) throws IOException {
		try (Peer peer = Peer.connect(port)) {
			assertThat(peer.send(DATA).receive(DATA.length)).isEqualTo(DATA);
			assertThat(peer.send(RECORD).endStream().receiveToEnd()).isEmpty();
		}
	}

}

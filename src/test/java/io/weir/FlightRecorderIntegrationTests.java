package io.weir;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The ends of connections as Flight Recorder events of the running jar.
 */
@Timeout(120)
class FlightRecorderIntegrationTests {

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path directory;

	@Test
	void whenRecordedWithJcmdThenEachEndIsAnEventAndWithoutARecordingThereIsNone() throws Exception {
		Path file = this.directory.resolve("weir.jfr");
		// History off: events don't need it
		try (WeirProcess weir = WeirProcess
			.start(this.directory, Map.of(), "--tcp.server.port=0", "--tcp.server.protocol=echo",
					"--tcp.server.history=0", "--tcp.server.max-connections=1")
			.awaitStarted(); Actuator actuator = weir.actuator()) {
			exchange(weir, actuator, 3);
			weir.jcmd("JFR.start", "name=ends");
			int port = exchange(weir, actuator, 7);
			exchange(weir, actuator, 0);
			weir.jcmd("JFR.dump", "name=ends", "filename=" + file);
			List<RecordedEvent> events = RecordingFile.readAllEvents(file)
				.stream()
				.filter((event) -> event.getEventType().getName().equals("io.weir.ConnectionClosed"))
				.toList();
			assertThat(events).hasSize(2);
			RecordedEvent ended = events.getFirst();
			assertThat(ended.getLong("id")).isEqualTo(2);
			assertThat(ended.getString("peer")).isEqualTo("127.0.0.1:" + port);
			assertThat(ended.getString("via")).isNull();
			assertThat(ended.getString("reason")).isEqualTo("end_of_stream");
			assertThat(ended.getString("detail")).isNull();
			assertThat(ended.getLong("bytesReceived")).isEqualTo(7);
			assertThat(ended.getLong("bytesSent")).isEqualTo(7);
			assertThat(ended.getLong("records")).isZero();
			assertThat(ended.getDuration("openFor")).isBetween(Duration.ofNanos(1), Duration.ofMinutes(1));
			assertThat(events.getLast().getString("reason")).isEqualTo("empty");
			assertThat(actuator.json("/tcpconnections?state=closed").at("/total").asInt()).isZero();
		}
	}

	// Returns when the place is free again: all is told of the end by then
	private static int exchange(WeirProcess weir, Actuator actuator, int bytes) throws Exception {
		try (Peer peer = Peer.connect(weir.tcpPort())) {
			peer.send(new byte[bytes]).receive(bytes);
			awaitState(actuator, "full");
			peer.endStream().receiveToEnd();
			awaitState(actuator, "accepting");
			return peer.port();
		}
	}

	private static void awaitState(Actuator actuator, String state) {
		Awaitility.await().until(() -> actuator.json("/tcpserver").at("/state").asString().equals(state));
	}

}

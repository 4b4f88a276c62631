package io.weir;

import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import io.weir.api.RecordSink;
import io.weir.api.UnpackedRecord;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is told of a sink of the user's that takes no record.
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class StuckSinkIntegrationTests {

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path directory;

	@Test
	void whenASinkTakesNoRecordThenTheFindingsSayWhyThereIsOnePending() throws Exception {
		try (RunningWeir weir = start("file");
				Actuator actuator = new Actuator(weir.httpPort());
				Peer peer = Peer.connect(weir.tcpPort())) {
			peer.send((byte) 1);
			JsonNode server = Awaitility.await()
				.atMost(Duration.ofMinutes(1))
				.until(() -> actuator.json("/tcpserver"), (json) -> !named(json).isEmpty());
			assertThat(named(server)).singleElement()
				.satisfies((finding) -> assertThat(finding.at("/message").asString()).startsWith("for 1")
					.endsWith("no record could be written to the sink io.weir.StuckSinkIntegrationTests$Stuck: "
							+ "1 connection waits in it"));
			assertThat(server.at("/records/pending").asInt()).isEqualTo(1);
			assertThat(actuator.status("GET", "/health/readiness")).isEqualTo(200);
			weir.bean(Stuck.class).mended.countDown();
			Awaitility.await().until(() -> named(actuator.json("/tcpserver")).isEmpty());
			Awaitility.await().until(() -> actuator.json("/tcpserver").at("/records/written").asInt() == 1);
		}
	}

	@Test
	void whenThereIsNoOutputThenTheLastLineOfTheDrainSaysNothingOfRecords() throws Exception {
		// Its start takes away what has listened to the log before
		RunningWeir weir = start("none");
		try (CapturedLog log = CapturedLog.info("io.weir.server")) {
			try (weir; Peer peer = Peer.connect(weir.tcpPort())) {
				weir.bean(Stuck.class).mended.countDown();
				peer.send((byte) 1).endStream();
				assertThat(peer.receiveToEnd()).isEmpty();
			}
			assertThat(log.messages()).anyMatch((line) -> line.startsWith("Stopped listening on "))
				.noneMatch((line) -> line.contains("records could not be written"));
		}
	}

	private static List<JsonNode> named(JsonNode server) {
		return server.at("/findings")
			.valueStream()
			.filter((finding) -> finding.at("/setting").asString().equals("records"))
			.toList();
	}

	private RunningWeir start(String output) {
		return RunningWeir.start(List.of(Sinks.class), "--tcp.server.protocol=record", "--tcp.server.record-format=B",
				"--tcp.server.records.output=" + output,
				"--tcp.server.records.file=" + this.directory.resolve("records.jsonl"));
	}

	/**
	 * The user's application.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Sinks {

		@Bean
		Stuck stuck() {
			return new Stuck(new CountDownLatch(1));
		}

	}

	/**
	 * Takes nothing until it is mended.
	 */
	record Stuck(CountDownLatch mended) implements RecordSink {

		@Override
		public void accept(UnpackedRecord record) throws InterruptedIOException {
			try {
				this.mended.await();
			}
			catch (InterruptedException ex) {
				throw new InterruptedIOException();
			}
		}

	}

}

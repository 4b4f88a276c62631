package io.weir.monitor;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.weir.Peer;
import io.weir.records.FileOutput;
import io.weir.records.RecordFields;
import io.weir.records.RecordSinks;
import io.weir.server.ServerState;
import io.weir.struct.StructFormat;
import io.weir.transport.SocketAddresses;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RecordFindings}.
 */
class RecordFindingsTests extends FakeProcTest {

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path folder;

	@Test
	void whenRecordsCanNotBeWrittenWhileItIsFullThenThatOneIsToBeSeenFirst() throws Exception {
		AtomicLong now = new AtomicLong();
		this.proc.files(1024, 2048).write("sys/net/core/somaxconn", "4096\n");
		try (RecordSinks sinks = new RecordSinks(RecordFields.of(List.of("x"), StructFormat.parse("B")), List.of(),
				new FileOutput(this.folder.resolve("nowhere/records.jsonl"), 1 << 20, 1), SocketAddresses::text);
				RunningServer running = new RunningServer(null, null, 1, this.proc.reader())) {
			running.diagnostics().listener(3, 4096, 0);
			running.start();
			try (Peer peer = running.connect()) {
				peer.send((byte) 1).receive(1);
				Awaitility.await().until(() -> running.server().status().state(), (state) -> state == ServerState.FULL);
				Findings findings = running.findings(now::get, List.of(new RecordFindings(sinks)));
				assertThat(findings.current()).isEmpty();
				now.addAndGet(Duration.ofSeconds(12).toNanos());
				assertThat(findings.current()).singleElement()
					.satisfies((full) -> assertThat(full.remedy()).startsWith("Raise tcp.server.max-connections"));
				sinks.give(1, new InetSocketAddress(InetAddress.getLoopbackAddress(), 1), List.of(1L));
				Awaitility.await().until(() -> sinks.fault() != null);
				assertThat(findings.current()).satisfiesExactly(
						(full) -> assertThat(full.remedy()).startsWith("First see the finding `records`: ")
							.contains("Raise tcp.server.max-connections"),
						(records) -> {
							assertThat(records.setting()).isEqualTo("records");
							assertThat(records.message()).contains("no record could be written to ", "does not exist");
							assertThat(records.remedy()).contains("For a sink, ");
						});
			}
			sinks.finish(Duration.ZERO);
		}
	}

}

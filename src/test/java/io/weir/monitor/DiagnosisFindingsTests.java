package io.weir.monitor;

import java.time.Duration;
import java.util.List;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

import io.weir.Opened;
import io.weir.actuate.DiagnosisMetrics;
import io.weir.actuate.MeterRefresher;
import io.weir.connection.Connection;
import io.weir.connection.ConnectionState;
import io.weir.kernel.ProcReader;
import io.weir.kernel.TcpInfoField;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link DiagnosisFindings} and {@link DiagnosisMetrics}.
 */
class DiagnosisFindingsTests {

	@AutoClose
	private final Opened opened = new Opened();

	private final RunningServer running = this.opened.later(new RunningServer(100).start());

	private final Diagnoses diagnoses = new Diagnoses(this.running.server(), new ProcReader()::limits,
			Duration.ofSeconds(1));

	private int now;

	private void connect(int count) throws Exception {
		for (int i = 0; i < count; i++) {
			this.opened.later(this.running.connect()).send((byte) 1).receive(1);
		}
		// Who has the echo may be ahead of the thread that has written it
		Awaitility.await()
			.pollDelay(Duration.ZERO)
			.until(() -> this.running.registry()
				.connections()
				.stream()
				.allMatch((connection) -> connection.state() == ConnectionState.READING));
	}

	// So many of them have bytes that nobody reads
	private void sample(int slow) {
		for (int i = 0; i < 3; i++) {
			this.now += 1_000;
			this.diagnoses.begin(this.now, 0);
			int place = 0;
			for (Connection connection : this.running.registry().connections()) {
				this.diagnoses.add(connection,
						new Figures().with(TcpInfoField.RECEIVE_QUEUE, (place++ < slow) ? 512 : 0));
			}
			this.diagnoses.end(true);
		}
	}

	private List<Finding> findings() {
		return this.running.findings(System::nanoTime, List.of(new DiagnosisFindings(this.diagnoses)))
			.current()
			.stream()
			.filter((finding) -> finding.setting().equals("connections"))
			.toList();
	}

	@Test
	void whenMoreThanATenthShareACauseThenItIsFound() throws Exception {
		assertThat(findings()).isEmpty();
		connect(20);
		sample(2);
		assertThat(findings()).isEmpty();
		sample(3);
		assertThat(findings()).singleElement().satisfies((finding) -> {
			assertThat(finding.message()).isEqualTo("3 of 20 are slow for one cause: server_reads_slowly");
			assertThat(finding.remedy()).startsWith("This server: ")
				.endsWith("/actuator/tcpconnections?diagnosed=true has the evidence of each");
		});
		sample(0);
		assertThat(findings()).isEmpty();
	}

	@Test
	void whenThereAreFewerThanTenThenNothingIsFound() throws Exception {
		connect(9);
		sample(9);
		assertThat(findings()).isEmpty();
	}

	@Test
	void everyCauseHasASeriesWhileItIsKnown() throws Exception {
		SimpleMeterRegistry meters = new SimpleMeterRegistry();
		MeterRefresher refresher = new MeterRefresher();
		new DiagnosisMetrics(this.diagnoses, refresher).bindTo(meters);
		assertThat(meters.getMeters()).isEmpty();
		connect(2);
		sample(1);
		refresher.refresh();
		assertThat(meters.getMeters()).hasSize(Cause.values().length);
		for (Cause cause : Cause.values()) {
			assertThat(meters.get("tcp.server.diagnosed.connections").tag("cause", cause.text()).gauge().value())
				.isEqualTo((cause == Cause.SERVER_READS_SLOWLY) ? 1 : 0);
		}
		this.diagnoses.begin(this.now + 1_000, 0);
		this.diagnoses.end(false);
		refresher.refresh();
		assertThat(meters.getMeters()).isEmpty();
	}

}

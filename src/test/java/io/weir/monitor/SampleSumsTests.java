package io.weir.monitor;

import java.util.List;
import java.util.Objects;

import org.junit.jupiter.api.Test;

import io.weir.ServedConnection;
import io.weir.connection.Connection;
import io.weir.kernel.TcpInfoField;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SampleSums}.
 */
class SampleSumsTests {

	private final RunningServer server = new RunningServer(1);

	private final SampleSums sums = new SampleSums(this.server.diagnoses());

	@Test
	void whenRetransmitsGrowThenTheIncreaseIsAddedAndTheConnectionKnowsTheLastSample() throws Exception {
		try (ServedConnection served = new ServedConnection((connection) -> connection.inputStream().read())) {
			Connection connection = served.connection();
			assertThat(connection.lastRttMicros()).isEqualTo(-1);
			assertThat(connection.lastRetransmits()).isEqualTo(-1);
			sample(connection, 40, 3);
			assertThat(this.sums.retransmits()).isEqualTo(3);
			assertThat(connection.lastRttMicros()).isEqualTo(40);
			assertThat(connection.lastRetransmits()).isEqualTo(3);
			sample(connection, 50, 10);
			assertThat(this.sums.retransmits()).isEqualTo(10);
			// Another connection from the same port
			sample(connection, 60, 2);
			assertThat(this.sums.retransmits()).isEqualTo(10);
		}
	}

	private void sample(Connection connection, long rtt, long retransmits) {
		this.sums.begin(List.of(connection));
		this.sums.add(new Figures(1, connection.peer().getPort()).with(TcpInfoField.RTT_MICROS, rtt)
			.with(TcpInfoField.RETRANSMITS, retransmits)
			.with(TcpInfoField.RECEIVE_QUEUE, 0)
			.with(TcpInfoField.SEND_QUEUE, 0));
		SampleSummary summary = this.sums.summarize(true);
		assertThat(Objects.requireNonNull(summary).roundTripTimes())
			.isEqualTo(new SampleSummary.RoundTripTimes(rtt, rtt, rtt));
	}

}

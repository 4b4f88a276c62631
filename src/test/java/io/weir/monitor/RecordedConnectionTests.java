package io.weir.monitor;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;

import org.junit.jupiter.api.Test;

import io.weir.kernel.TcpInfoField;
import io.weir.monitor.RecordedConnection.Sample;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The decision over recorded samples of real connections, whichever of these the sampler
 * would have met, and whatever totals a connection brings along.
 */
class RecordedConnectionTests {

	private static final List<TcpInfoField> TOTALS = List.of(TcpInfoField.BUSY_MICROS,
			TcpInfoField.RECEIVE_WINDOW_LIMITED_MICROS, TcpInfoField.SEND_BUFFER_LIMITED_MICROS,
			TcpInfoField.BYTES_SENT, TcpInfoField.BYTES_RETRANSMITTED, TcpInfoField.RETRANSMITS,
			TcpInfoField.BYTES_RECEIVED);

	private static final List<TcpInfoField> ANY = List.of(TcpInfoField.values());

	private final Random random = new Random(19);

	// Those with small buffers were on servers with fixed ones of 8 KB
	private static DiagnosisLimits limits(RecordedConnection recorded) {
		long fixed = recorded.name().contains("fixed") ? 16_384 : 0;
		return new DiagnosisLimits(fixed, 33_554_432, fixed, recorded.name().contains("capped") ? 16_384 : 4_194_304,
				Duration.ofSeconds(30), Duration.ofMinutes(5), OptionalLong.of(15));
	}

	// From any sample on, any interval up to 2.5 s, with some delay of each sample
	private List<Sample> some(List<Sample> all) {
		int interval = this.random.nextInt(1, 2_500);
		List<Sample> some = new ArrayList<>();
		int next = this.random.nextInt(0, 2_000);
		for (Sample sample : all) {
			int millis = sample.millis() - all.getFirst().millis();
			if (millis >= next) {
				some.add(sample);
				next = millis + interval + this.random.nextInt(0, 1 + interval / 4);
			}
		}
		return some;
	}

	// As on a connection that has lived long, and a machine that has
	private List<Sample> withTotals(List<Sample> samples) {
		int clock = this.random.nextInt();
		List<Long> totals = TOTALS.stream().map((field) -> this.random.nextLong(1L << 50)).toList();
		return samples.stream().map((sample) -> {
			Figures figures = sample.figures().copy();
			for (int i = 0; i < TOTALS.size(); i++) {
				figures.add(TOTALS.get(i), totals.get(i));
			}
			return new Sample(sample.millis() + clock, sample.state(), sample.bytesReceived(), figures);
		}).toList();
	}

	private static Set<Cause> said(RecordedConnection recorded, List<Sample> samples) {
		DiagnosisLimits limits = limits(recorded);
		ConnectionTrend trend = new ConnectionTrend();
		Set<Cause> said = EnumSet.noneOf(Cause.class);
		int last = samples.isEmpty() ? 0 : samples.getFirst().millis();
		for (Sample sample : samples) {
			trend.add(sample.figures(), sample.state(), sample.bytesReceived(), 0, sample.millis(),
					sample.millis() - last, limits.sendMaximum());
			last = sample.millis();
			Cause cause = CauseRules.decide(trend, limits);
			trend.diagnosed(cause, 0);
			Diagnosis diagnosis = DiagnosisText.of(trend, limits);
			if (cause != null && diagnosis != null) {
				said.add(cause);
				assertThat(diagnosis.evidence()).doesNotContain("NaN", "Infinity").doesNotContainPattern(" -\\d");
			}
		}
		return said;
	}

	@Test
	void allOfItAsItWas() throws IOException {
		List<RecordedConnection> all = RecordedConnection.read();
		assertThat(all).extracting(RecordedConnection::cause).contains((Cause) null).contains(Cause.values());
		for (RecordedConnection recorded : all) {
			Set<Cause> said = said(recorded, recorded.samples());
			if (recorded.cause() != null) {
				assertThat(said).as(recorded.name()).contains(recorded.cause());
			}
			else {
				assertThat(said).as(recorded.name()).isEmpty();
			}
		}
	}

	@Test
	void whicheverSamplesThereAreACalmConnectionIsNeverSlow() throws IOException {
		for (RecordedConnection recorded : RecordedConnection.read()) {
			for (int i = 0; recorded.cause() == null && i < 300; i++) {
				assertThat(said(recorded, withTotals(some(recorded.samples())))).as(recorded.name()).isEmpty();
			}
		}
	}

	@Test
	void totalsChangeNothing() throws IOException {
		for (RecordedConnection recorded : RecordedConnection.read()) {
			for (int i = 0; i < 100; i++) {
				List<Sample> some = some(recorded.samples());
				Set<Cause> said = said(recorded, some);
				// What is sent is known to 64 bytes only
				if (!said.contains(Cause.PATH_LOSES_PACKETS)) {
					assertThat(said(recorded, withTotals(some))).as(recorded.name()).isEqualTo(said);
				}
			}
		}
	}

	// Whatever a kernel or a fake says: no exception, no figure that is none
	@Test
	void noiseIsBorne() throws IOException {
		for (RecordedConnection recorded : RecordedConnection.read()) {
			for (int i = 0; i < 100; i++) {
				List<Sample> noise = recorded.samples().stream().map((sample) -> {
					Figures figures = sample.figures().copy();
					TcpInfoField field = ANY.get(this.random.nextInt(ANY.size()));
					figures.with(field, this.random.nextLong(1L << this.random.nextInt(1, 63)));
					return new Sample(sample.millis(), sample.state(), sample.bytesReceived(), figures);
				}).toList();
				said(recorded, noise);
			}
		}
	}

}

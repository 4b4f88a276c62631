package io.weir.monitor;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.weir.Peer;
import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.kernel.ProcReader;
import io.weir.kernel.TcpInfoField;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Diagnoses}.
 */
class DiagnosesTests {

	@AutoClose
	private final RunningServer running = new RunningServer(100).start();

	private Diagnoses diagnoses = diagnoses(Duration.ofSeconds(1));

	private final Figures lossy = figures();

	private final Figures healthy = figures();

	private int now;

	private static Figures figures() {
		return new Figures().with(TcpInfoField.BYTES_SENT, 0)
			.with(TcpInfoField.BYTES_RETRANSMITTED, 0)
			.with(TcpInfoField.RETRANSMITS, 0);
	}

	private Diagnoses diagnoses(Duration interval) {
		return new Diagnoses(this.running.server(), new ProcReader()::limits, interval);
	}

	private Connection connect() throws IOException {
		Peer peer = this.running.connect();
		peer.send((byte) 1).receive(1);
		return this.running.registry()
			.connections()
			.stream()
			.filter((connection) -> connection.peer().getPort() == peer.port())
			.findFirst()
			.orElseThrow();
	}

	private void sample(Connection bad, List<Connection> others, int gap) {
		this.now += gap;
		this.lossy.add(TcpInfoField.BYTES_SENT, 10_000)
			.add(TcpInfoField.BYTES_RETRANSMITTED, 1_000)
			.add(TcpInfoField.RETRANSMITS, 5);
		this.diagnoses.begin(this.now, 1_700_000_000_000L + this.now);
		this.diagnoses.add(bad, this.lossy);
		others.forEach((connection) -> this.diagnoses.add(connection, this.healthy));
		this.diagnoses.end(true);
	}

	private void samples(Connection bad, int count) {
		for (int i = 0; i < count; i++) {
			sample(bad, List.of(), 1_000);
		}
	}

	@Test
	void slowConnectionsAreToldFromOthersAndCounted() throws Exception {
		Connection bad = connect();
		Connection good = connect();
		assertThat(this.diagnoses.counts()).isNull();
		sample(bad, List.of(good), 1_000);
		assertThat(this.diagnoses.of(bad)).isNull();
		sample(bad, List.of(good), 1_000);
		sample(bad, List.of(good), 1_000);
		assertThat(this.diagnoses.of(bad)).isNotNull().satisfies((diagnosis) -> {
			assertThat(diagnosis.cause()).isEqualTo(Cause.PATH_LOSES_PACKETS);
			assertThat(diagnosis.evidence()).startsWith("10.0 % of the bytes ");
			assertThat(diagnosis.since()).isEqualTo(Instant.ofEpochMilli(1_700_000_003_000L));
		});
		assertThat(this.diagnoses.of(good)).isNull();
		assertThat(this.diagnoses.rank(bad)).isGreaterThan(this.diagnoses.rank(good)).isPositive();
		assertThat(this.diagnoses.rank(good)).isZero();
		assertThat(this.diagnoses.counts()).isNotNull().satisfies((counts) -> {
			assertThat(counts.connections()).isEqualTo(2);
			assertThat(counts.causes()).hasSize(Cause.values().length);
			assertThat(counts.of(Cause.PATH_LOSES_PACKETS)).isOne();
			assertThat(counts.of(Cause.PEER_READS_SLOWLY)).isZero();
		});
	}

	@Test
	void whenAConnectionIsClosedThenTheLastDiagnosisStays() throws Exception {
		Connection bad = connect();
		samples(bad, 4);
		Diagnosis then = Objects.requireNonNull(this.diagnoses.last(bad));
		assertThat(then.cause()).isEqualTo(Cause.PATH_LOSES_PACKETS);
		bad.end(CloseReason.CLOSED_BY_OPERATOR);
		assertThat(this.diagnoses.of(bad)).isNull();
		assertThat(this.diagnoses.rank(bad)).isZero();
		// It may be sampled while it lingers
		sample(bad, List.of(), 1_000);
		assertThat(this.diagnoses.last(bad)).isEqualTo(then);
		ConnectionHistory history = new ConnectionHistory(3, this.diagnoses);
		history.closed(bad, CloseReason.CLOSED_BY_OPERATOR);
		assertThat(history.find((closed) -> true)).singleElement()
			.extracting(ClosedConnection::diagnosis)
			.isEqualTo(this.diagnoses.last(bad));
		assertThat(Objects.requireNonNull(this.diagnoses.counts()).of(Cause.PATH_LOSES_PACKETS)).isZero();
	}

	@Test
	void whenASampleFailsThenNothingIsKnown() throws Exception {
		Connection bad = connect();
		samples(bad, 4);
		this.diagnoses.begin(this.now + 1_000, 0);
		this.diagnoses.end(false);
		assertThat(this.diagnoses.counts()).isNull();
		assertThat(this.diagnoses.of(bad)).isNull();
	}

	@ParameterizedTest
	@CsvSource({ "0, false", "50, true", "2500, true", "2501, false", "3600000, false" })
	void whenSamplesAreTooFarApartThenNothingIsSaid(long millis, boolean known) throws Exception {
		this.diagnoses = diagnoses(Duration.ofMillis(millis));
		Connection bad = connect();
		for (int i = 0; i < 100; i++) {
			sample(bad, List.of(), Math.clamp(millis, 50, 3_000));
		}
		assertThat(this.diagnoses.of(bad) != null).isEqualTo(known);
		assertThat(this.diagnoses.counts() != null).isEqualTo(known);
	}

	@Test
	void whenASampleIsLateThenTheTimeBeforeDoesNotCount() throws Exception {
		Connection bad = connect();
		samples(bad, 4);
		sample(bad, List.of(), 2_501);
		assertThat(this.diagnoses.of(bad)).isNull();
		samples(bad, 2);
		assertThat(this.diagnoses.of(bad)).isNotNull();
	}

	@Test
	void whatIsKeptOfAConnectionIsSmall() {
		com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
		ConnectionTrend[] trends = new ConnectionTrend[10_000];
		new ConnectionTrend();
		long before = threads.getCurrentThreadAllocatedBytes();
		for (int i = 0; i < trends.length; i++) {
			trends[i] = new ConnectionTrend();
		}
		long each = (threads.getCurrentThreadAllocatedBytes() - before) / trends.length;
		assertThat(each).isBetween(64L, 96L);
		assertThat(trends).doesNotContainNull();
	}

	@Test
	void aListShowsSlowOnesFirstOrAlone() throws Exception {
		Connection good = connect();
		Connection bad = connect();
		connect();
		Awaitility.await().until(() -> this.running.registry().active() == 3);
		for (int i = 0; i < 4; i++) {
			sample(bad, List.of(good), 1_000);
		}
		OpenConnections connections = new OpenConnections(this.running.server(), this.running.registry(),
				this.running.diagnostics(), false, this.diagnoses);
		Listing<ObservedConnection> all = connections.list(ConnectionOrder.DIAGNOSIS, (connection) -> true, 2);
		assertThat(all.total()).isEqualTo(3);
		ObservedConnection first = all.rows().next();
		assertThat(first.connection()).isEqualTo(bad);
		assertThat(first.diagnosis()).isNotNull();
		Listing<ObservedConnection> slow = connections.list(ConnectionOrder.AGE, connections::isSlow, 2);
		assertThat(slow.total()).isOne();
		assertThat(slow.rows()).toIterable().extracting(ObservedConnection::connection).containsExactly(bad);
		assertThat(Objects.requireNonNull(connections.find(Long.toString(bad.id()))).diagnosis()).isNotNull();
	}

}

package io.weir.monitor;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.weir.CapturedLog;
import io.weir.Opened;
import io.weir.Peer;
import io.weir.connection.Connection;
import io.weir.kernel.ConnectionDiagnostics;
import io.weir.kernel.ProcReader;
import io.weir.kernel.ListenerDiagnostics;
import io.weir.kernel.Reading;
import io.weir.kernel.SocketDiagnostics;
import io.weir.kernel.SocketDiagnosticsFactory;
import io.weir.kernel.SocketKey;
import io.weir.kernel.SocketSample;
import io.weir.kernel.Source;
import io.weir.kernel.TcpInfoField;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Tests for {@link ConnectionSampler} and {@link OpenConnections}.
 */
class ConnectionSamplerTests {

	@AutoClose
	private final Opened opened = new Opened();

	private final SocketDiagnostics diagnostics = this.opened.later(new SocketDiagnosticsFactory().open());

	private final RunningServer running = this.opened
		.later(new RunningServer(null, null, 2_000, new ProcReader(Path.of("/proc"))).start());

	private ConnectionSampler sampler(Duration interval) {
		return new ConnectionSampler(this.running.server(), this.running.registry(), this.diagnostics, interval,
				this.running.diagnoses());
	}

	private OpenConnections connections(boolean off) {
		return new OpenConnections(this.running.server(), this.running.registry(), this.diagnostics, off,
				this.running.diagnoses());
	}

	private void connect(int count) throws IOException {
		for (int i = 0; i < count; i++) {
			connect();
		}
	}

	private Peer connect() throws IOException {
		Peer peer = this.opened.later(this.running.connect());
		assertThat(peer.send((byte) 1).receive(1)).hasSize(1);
		return peer;
	}

	// Few are asked about one by one, many by a walk through all sockets
	@ParameterizedTest
	@CsvSource({ "3, 0", "128, 0", "129, 1" })
	void whenSampledThenTheFiguresOfAllConnectionsAreSummedUp(int count, int walks) throws Exception {
		assumeTrue(this.diagnostics.source() == Source.SOCK_DIAG, "sock_diag is not available");
		connect(count);
		// An ACK that is still on its way brings another round-trip time
		Awaitility.await().pollDelay(Duration.ZERO).untilAsserted(() -> assertSummedUp(count, walks));
	}

	private void assertSummedUp(int count, int walks) {
		CountingDiagnostics counting = new CountingDiagnostics(this.diagnostics, Source.SOCK_DIAG);
		ConnectionSampler sampler = new ConnectionSampler(this.running.server(), this.running.registry(), counting,
				Duration.ofSeconds(1), this.running.diagnoses());
		sampler.sample();
		assertThat(counting.walks).isEqualTo(walks);
		SampleSummary summary = Objects.requireNonNull(sampler.summary());
		OpenConnections connections = connections(false);
		List<Long> rtts = new ArrayList<>();
		for (Connection connection : this.running.registry().connections()) {
			Reading<ConnectionDiagnostics> reading = connections.read(connection);
			assertThat(reading).isInstanceOfSatisfying(Reading.Available.class, (available) -> rtts
				.add(((ConnectionDiagnostics) available.value()).get(TcpInfoField.RTT_MICROS).orElseThrow()));
		}
		rtts.sort(null);
		SampleSummary.RoundTripTimes times = Objects.requireNonNull(summary.roundTripTimes());
		assertThat(times.min()).isEqualTo(rtts.getFirst());
		assertThat(times.median()).isEqualTo(rtts.get(rtts.size() / 2));
		assertThat(times.max()).isEqualTo(rtts.getLast());
		assertThat(summary.receiveQueues()).isZero();
		assertThat(sampler.retransmits()).isZero();
		assertThat(connections.readAll()).isInstanceOfSatisfying(Reading.Available.class,
				(available) -> assertThat((Map<?, ?>) available.value()).hasSize(count));
	}

	@Test
	void whenTheSourceIsNotSockDiagThenFewAreReadAtOnceToo() throws Exception {
		connect(3);
		CountingDiagnostics counting = new CountingDiagnostics(this.diagnostics, Source.PROCFS);
		new ConnectionSampler(this.running.server(), this.running.registry(), counting, Duration.ofSeconds(1),
				this.running.diagnoses())
			.sample();
		assertThat(counting.walks).isOne();
	}

	@ParameterizedTest
	@CsvSource({ "PT0S, 0", "PT1H, 1" })
	void whenSamplesAreRareThenListenersRunAllTheSame(Duration interval, int samples) throws Exception {
		connect(1);
		CountingDiagnostics counting = new CountingDiagnostics(this.diagnostics, Source.PROCFS);
		CountDownLatch rounds = new CountDownLatch(3);
		try (ConnectionSampler sampler = new ConnectionSampler(this.running.server(), this.running.registry(), counting,
				interval, this.running.diagnoses())) {
			sampler.addListener(rounds::countDown);
			sampler.start();
			assertThat(rounds.await(30, TimeUnit.SECONDS)).isTrue();
			assertThat(counting.walks).isEqualTo(samples);
		}
	}

	@Test
	void whenSamplesAndAListenerFailThenTheOtherListenersRunAllTheSame() throws Exception {
		CountDownLatch rounds = new CountDownLatch(2);
		connect(1);
		CountingDiagnostics broken = new CountingDiagnostics(this.diagnostics, Source.PROCFS);
		broken.failing = true;
		try (CapturedLog log = CapturedLog.info(ConnectionSampler.class.getName());
				ConnectionSampler sampler = new ConnectionSampler(this.running.server(), this.running.registry(),
						broken, Duration.ofMillis(100), this.running.diagnoses())) {
			sampler.addListener(() -> {
				throw new IllegalStateException("injected");
			});
			sampler.addListener(rounds::countDown);
			sampler.start();
			assertThat(rounds.await(30, TimeUnit.SECONDS)).isTrue();
			assertThat(log.messages()).singleElement().asString().contains("sampling goes on");
		}
	}

	// The page asks for 50 of as many as there are, every 2 s
	@Test
	void whenSomeAreListedThenTheKernelIsAskedAboutNoOthers() throws Exception {
		connect(200);
		CountingDiagnostics counting = new CountingDiagnostics(this.diagnostics, Source.SOCK_DIAG);
		OpenConnections connections = new OpenConnections(this.running.server(), this.running.registry(), counting,
				false, this.running.diagnoses());
		Listing<ObservedConnection> listing = connections.list(ConnectionOrder.BYTES, (_) -> true, 50);
		assertThat(listing.total()).isEqualTo(200);
		assertThat(counting.questions).isZero();
		assertThat(listing.rows()).toIterable().hasSize(50);
		assertThat(counting.questions).isEqualTo(50);
		assertThat(counting.walks).isZero();
	}

	@Test
	void whenFewConnectionsCannotBeReadThenThereIsNoSummary() throws Exception {
		assumeTrue(this.diagnostics.source() == Source.SOCK_DIAG, "sock_diag is not available");
		connect(3);
		ConnectionSampler sampler = sampler(Duration.ofSeconds(1));
		sampler.sample();
		assertThat(sampler.summary()).isNotNull();
		this.diagnostics.close();
		sampler.sample();
		assertThat(sampler.summary()).isNull();
	}

	@Test
	void whenNobodyAsksForRecordsThenASampleMakesNoGarbagePerConnection() throws Exception {
		assumeTrue(this.diagnostics.source() == Source.SOCK_DIAG, "sock_diag is not available");
		connect(1_000);
		ConnectionSampler sampler = sampler(Duration.ofSeconds(1));
		com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory
			.getThreadMXBean();
		for (int i = 0; i < 200; i++) {
			sampler.sample();
		}
		// Until code is compiled, late on a busy machine, there is garbage of its making
		Awaitility.await().atMost(Duration.ofSeconds(60)).pollDelay(Duration.ZERO).untilAsserted(() -> {
			long before = threads.getCurrentThreadAllocatedBytes();
			int samples = 20;
			for (int i = 0; i < samples; i++) {
				sampler.sample();
			}
			long each = (threads.getCurrentThreadAllocatedBytes() - before) / samples;
			// Some objects a sample, none a connection
			assertThat(each).isLessThan(8_000);
		});
	}

	@Test
	void whenTheIntervalIsZeroThenNothingIsReadAndTheReasonIsTold() throws Exception {
		connect(1);
		ConnectionSampler sampler = sampler(Duration.ZERO);
		assertThat(sampler.knowsRetransmits()).isFalse();
		OpenConnections connections = connections(true);
		assertThat(connections.readAll())
			.isEqualTo(new Reading.Unavailable<>("sampling is off: tcp.server.sampling.interval is 0"));
		assertThat(connections.read(this.running.registry().connections().iterator().next()))
			.isEqualTo(new Reading.Unavailable<>("sampling is off: tcp.server.sampling.interval is 0"));
	}

	@Test
	void whenTheIntervalIsZeroThenListenersRunWithoutASample() throws Exception {
		ConnectionSampler sampler = sampler(Duration.ZERO);
		CountDownLatch runs = new CountDownLatch(2);
		sampler.addListener(runs::countDown);
		sampler.start();
		try {
			assertThat(runs.await(10, TimeUnit.SECONDS)).isTrue();
			assertThat(sampler.summary()).isNull();
		}
		finally {
			sampler.close();
		}
	}

	@Test
	void whenTheServerDoesNotListenThenThereIsNoSummary() throws Exception {
		ConnectionSampler sampler = sampler(Duration.ofSeconds(1));
		sampler.sample();
		assertThat(sampler.summary()).isNotNull();
		assertThat(Objects.requireNonNull(sampler.summary()).roundTripTimes()).isNull();
		this.running.server().stop();
		sampler.sample();
		assertThat(sampler.summary()).isNull();
		assertThat(connections(false).readAll()).isEqualTo(new Reading.Unavailable<>("the server does not listen"));
	}

	@Test
	void whenAConnectionIsGoneThenSoAreItsFigures() throws Exception {
		Peer peer = connect();
		Connection connection = this.running.registry().connections().iterator().next();
		peer.close();
		Awaitility.await().until(() -> this.running.registry().active() == 0);
		assertThat(connections(false).read(connection))
			.isEqualTo(new Reading.Unavailable<>("the connection is closed"));
	}

	/**
	 * Counts the walks through all sockets.
	 */
	private static final class CountingDiagnostics implements SocketDiagnostics {

		private final SocketDiagnostics diagnostics;

		private final Source source;

		private int walks;

		private boolean failing;

		private int questions;

		private CountingDiagnostics(SocketDiagnostics diagnostics, Source source) {
			this.diagnostics = diagnostics;
			this.source = source;
		}

		@Override
		public Source source() {
			return this.source;
		}

		@Override
		public Reading<ListenerDiagnostics> listener(InetSocketAddress local) {
			return this.diagnostics.listener(local);
		}

		@Override
		public @Nullable String sample(SocketKey key, Consumer<? super SocketSample> visitor) {
			this.questions++;
			return this.diagnostics.sample(key, visitor);
		}

		@Override
		public @Nullable String sample(int localPort, Consumer<? super SocketSample> visitor) {
			if (this.failing) {
				throw new OutOfMemoryError("injected");
			}
			this.walks++;
			return this.diagnostics.sample(localPort, visitor);
		}

		@Override
		public void close() {
			this.diagnostics.close();
		}

	}

}

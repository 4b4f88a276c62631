package io.weir.connection;

import io.weir.transport.TransportLayer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import io.weir.api.ConnectionHandler;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.function.Function;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import io.weir.CapturedLog;
import io.weir.ServedConnection;
import io.weir.Stopwatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link TimeoutWatchdog}.
 */
class TimeoutWatchdogTests {

	private final ConnectionRegistry registry = new ConnectionRegistry();

	private Function<Connection, OptionalLong> acknowledgedBytes = (connection) -> OptionalLong.empty();

	private MaxAge maxAge = new MaxAge(Duration.ZERO, Duration.ZERO);

	private TimeoutWatchdog watch = new TimeoutWatchdog(this.registry, Duration.ZERO, Duration.ZERO, Duration.ZERO,
			this.maxAge, (connection) -> OptionalLong.empty(), () -> {
			});

	@AfterEach
	void closeWatch() {
		this.watch.close();
		Awaitility.await().until(TimeoutWatchdogTests::watchThreads, (count) -> count == 0);
	}

	@Test
	void whenIdleForTheTimeoutThenPeerGetsEndOfStream() throws Exception {
		start(Duration.ofMillis(300), Duration.ZERO);
		long begin = System.nanoTime();
		try (ServedConnection served = new ServedConnection(this.registry, ConnectionTests::echo)) {
			assertThat(served.peer().receiveToEnd()).isEmpty();
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).isBetween(Duration.ofMillis(300),
					Duration.ofSeconds(6));
			served.peer().endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.IDLE_TIMEOUT);
		}
	}

	@Test
	void whenBytesKeepPassingThenTheConnectionIsNotIdle() throws Exception {
		start(Duration.ofSeconds(2), Duration.ZERO);
		try (ServedConnection served = new ServedConnection(this.registry, ConnectionTests::echo)) {
			Awaitility.await().pollInterval(Duration.ofMillis(50)).until(() -> {
				served.peer().send((byte) 1).receive(1);
				return served.connection().age().compareTo(Duration.ofSeconds(3)) > 0;
			});
			assertThat(served.connection().closeReason()).isNull();
		}
	}

	@Test
	void whenTimeoutsAreZeroThenNothingIsEnded() throws Exception {
		start(Duration.ZERO, Duration.ZERO);
		try (ServedConnection quiet = new ServedConnection(this.registry, ConnectionTests::echo);
				ServedConnection stalled = new ServedConnection(this.registry, ConnectionTests::flood, 4096)) {
			// Longer than a round of the watch
			Awaitility.await().until(() -> quiet.connection().age().compareTo(Duration.ofMillis(1500)) > 0);
			assertThat(quiet.connection().closeReason()).isNull();
			assertThat(stalled.connection().closeReason()).isNull();
			assertThat(stalled.connection().state()).isEqualTo(ConnectionState.WRITING);
		}
	}

	@Test
	void whenAWriteIsBlockedForTheTimeoutThenItIsClosedAtOnce() throws Exception {
		start(Duration.ZERO, Duration.ofMillis(400));
		try (ServedConnection served = new ServedConnection(this.registry, ConnectionTests::flood, 4096)) {
			assertThat(served.reason()).isEqualTo(CloseReason.WRITE_TIMEOUT);
			assertThat(served.connection().age()).isGreaterThan(Duration.ofMillis(400))
				.isLessThan(Duration.ofSeconds(8));
		}
	}

	@Test
	void whenASlowReaderGoesOnReadingThenItsWriterIsNotBlocked() throws Exception {
		start(Duration.ZERO, Duration.ofSeconds(2));
		ConnectionHandler trickle = (connection) -> {
			while (true) {
				connection.write(ByteBuffer.allocateDirect(1000));
			}
		};
		try (ServedConnection served = new ServedConnection(this.registry, trickle, 4096)) {
			Awaitility.await().pollInterval(Duration.ofMillis(50)).until(() -> {
				served.peer().receive(8000);
				return served.connection().age().compareTo(Duration.ofMillis(3500)) > 0;
			});
			assertThat(served.connection().closeReason()).isNull();
		}
	}

	@Test
	void whenAWriteIsBlockedAndHasNoTimeoutThenTheConnectionIsIdle() throws Exception {
		start(Duration.ofMillis(400), Duration.ZERO);
		try (ServedConnection served = new ServedConnection(this.registry, ConnectionTests::flood, 4096)) {
			Awaitility.await().until(() -> served.connection().closeReason() == CloseReason.IDLE_TIMEOUT);
			assertThat(served.connection().age()).isGreaterThan(Duration.ofMillis(400));
			served.peer().close();
			assertThat(served.reason()).isEqualTo(CloseReason.IDLE_TIMEOUT);
		}
	}

	@Test
	void whenThePeerAcknowledgesThenItsWriterIsNotBlockedHoweverLongTheWrite() throws Exception {
		AtomicBoolean goesOn = new AtomicBoolean(true);
		AtomicLong acknowledged = new AtomicLong();
		AtomicLong last = new AtomicLong();
		// More at each look, so that the test itself may pause
		this.acknowledgedBytes = (connection) -> {
			if (goesOn.get()) {
				last.set(System.nanoTime());
				acknowledged.incrementAndGet();
			}
			return OptionalLong.of(acknowledged.get());
		};
		start(Duration.ZERO, Duration.ofMillis(400));
		try (ServedConnection served = new ServedConnection(this.registry, ConnectionTests::flood, 4096)) {
			Awaitility.await()
				.until(() -> served.connection().writeBlockedFor().compareTo(Duration.ofMillis(1500)) > 0);
			assertThat(served.connection().closeReason()).isNull();
			Stopwatch watch = Stopwatch.start();
			goesOn.set(false);
			assertThat(served.reason()).isEqualTo(CloseReason.WRITE_TIMEOUT);
			assertThat(Duration.ofNanos(System.nanoTime() - last.get())).isBetween(Duration.ofMillis(300),
					Duration.ofMillis(750).plus(watch.stalled()));
		}
	}

	@Test
	void whenThePeerHasAcknowledgedAllThenTheWriterIsNotBlockedByIt() throws Exception {
		AtomicLong acknowledged = new AtomicLong(TimeoutWatchdog.ALL);
		this.acknowledgedBytes = (connection) -> OptionalLong.of(acknowledged.get());
		start(Duration.ZERO, Duration.ofMillis(400));
		try (ServedConnection served = new ServedConnection(this.registry, ConnectionTests::flood, 4096)) {
			Awaitility.await()
				.until(() -> served.connection().writeBlockedFor().compareTo(Duration.ofMillis(1500)) > 0);
			assertThat(served.connection().closeReason()).isNull();
			acknowledged.set(1);
			assertThat(served.reason()).isEqualTo(CloseReason.WRITE_TIMEOUT);
		}
	}

	@Test
	void whenPeerDoesNotEndThenAnEndedConnectionIsCutAfterOneSecond() throws Exception {
		start(Duration.ZERO, Duration.ZERO);
		try (ServedConnection served = new ServedConnection(this.registry, ConnectionTests::echo)) {
			long begin = System.nanoTime();
			served.connection().end(CloseReason.CLOSED_BY_OPERATOR);
			assertThat(served.reason()).isEqualTo(CloseReason.CLOSED_BY_OPERATOR);
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).isBetween(GracefulClose.LINGER_TIME,
					Duration.ofSeconds(6));
			// What comes now is answered with RST
			assertThatExceptionOfType(SocketException.class).isThrownBy(() -> {
				for (int i = 0; i < 100; i++) {
					served.peer().send((byte) 1);
					served.peer().receiveToEnd();
				}
			});
		}
	}

	@Test
	void whenDrainingThenWhatIsQuietBetweenExchangesIsEnded() throws Exception {
		start(Duration.ZERO, Duration.ZERO);
		ConnectionHandler twoBytes = (connection) -> {
			while (connection.read(ByteBuffer.allocate(1)) >= 0) {
				connection.read(ByteBuffer.allocate(1));
				connection.exchangeDone();
			}
		};
		try (ServedConnection quiet = new ServedConnection(this.registry, twoBytes);
				ServedConnection inside = new ServedConnection(this.registry, twoBytes)) {
			inside.peer().send((byte) 1);
			long begin = System.nanoTime();
			quiet.peer().send((byte) 1, (byte) 2);
			Awaitility.await().until(() -> quiet.connection().bytesReceived() == 2);
			Awaitility.await().until(() -> inside.connection().bytesReceived() == 1);
			this.watch.drain();
			assertThat(quiet.peer().receiveToEnd()).isEmpty();
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).isBetween(TimeoutWatchdog.QUIET_TIME,
					Duration.ofSeconds(6));
			quiet.peer().endStream();
			assertThat(quiet.reason()).isEqualTo(CloseReason.DRAINED);
			assertThat(inside.connection().closeReason()).isNull();
			inside.peer().send((byte) 2);
			assertThat(inside.peer().receiveToEnd()).isEmpty();
			inside.peer().endStream();
			assertThat(inside.reason()).isEqualTo(CloseReason.DRAINED);
			assertThat(inside.connection().bytesReceived()).isEqualTo(2);
		}
	}

	@Test
	void whenAConnectionIsTooOldThenItEndsBetweenTwoExchangesWithoutQuietTime() throws Exception {
		this.maxAge = new MaxAge(Duration.ofMillis(800), Duration.ofMinutes(1));
		start(Duration.ZERO, Duration.ZERO);
		Stopwatch watch = Stopwatch.start();
		try (ServedConnection quiet = new ServedConnection(this.registry, ConnectionTests::echo);
				ServedConnection busy = new ServedConnection(this.registry, ConnectionTests::echo)) {
			long exchanges = 0;
			while (busy.peer().send((byte) 1).receive(1).length == 1) {
				exchanges++;
			}
			busy.peer().endStream();
			assertThat(busy.reason()).isEqualTo(CloseReason.MAX_AGE);
			assertThat(busy.connection().age()).isBetween(Duration.ofMillis(720),
					Duration.ofMillis(1500).plus(watch.stalled()));
			assertThat(busy.connection().bytesSent()).isEqualTo(exchanges);
			assertThat(quiet.peer().receiveToEnd()).isEmpty();
			quiet.peer().endStream();
			assertThat(quiet.reason()).isEqualTo(CloseReason.MAX_AGE);
		}
	}

	@Test
	void whenAConnectionIsTooOldInsideAnExchangeThenTheExchangeIsServedFirst() throws Exception {
		this.maxAge = new MaxAge(Duration.ofSeconds(1), Duration.ofMinutes(1));
		start(Duration.ZERO, Duration.ZERO);
		ConnectionHandler twoBytes = (connection) -> {
			ByteBuffer bytes = ByteBuffer.allocate(2);
			while (connection.read(bytes) >= 0) {
				if (!bytes.hasRemaining()) {
					connection.write(bytes.flip());
					bytes.clear();
				}
			}
		};
		try (ServedConnection served = new ServedConnection(this.registry, twoBytes)) {
			served.peer().send((byte) 1);
			Awaitility.await().until(() -> served.connection().age().compareTo(Duration.ofMillis(1500)) > 0);
			assertThat(served.connection().closeReason()).isNull();
			served.peer().send((byte) 2);
			assertThat(served.peer().receiveToEnd()).containsExactly(1, 2);
			served.peer().endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.MAX_AGE);
		}
	}

	@Test
	void whenAnExchangeGoesOnForTheTimeOfGraceThenItIsCut() throws Exception {
		this.maxAge = new MaxAge(Duration.ofSeconds(1), Duration.ofMillis(500));
		start(Duration.ZERO, Duration.ZERO);
		ConnectionHandler twoBytes = (connection) -> {
			connection.read(ByteBuffer.allocate(1));
			connection.read(ByteBuffer.allocate(1));
		};
		try (ServedConnection served = new ServedConnection(this.registry, twoBytes)) {
			served.peer().send((byte) 1);
			assertThat(served.peer().receiveToEnd()).isEmpty();
			assertThat(served.connection().age()).isBetween(Duration.ofMillis(1400), Duration.ofSeconds(6));
			served.peer().endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.MAX_AGE);
		}
	}

	@Test
	void whenAWriteIsBlockedAfterTheMaxAgeThenTheWriteTimeoutHoldsAllTheSame() throws Exception {
		this.maxAge = new MaxAge(Duration.ofMillis(100), Duration.ofMinutes(1));
		start(Duration.ZERO, Duration.ofMillis(400));
		try (ServedConnection served = new ServedConnection(this.registry, ConnectionTests::flood, 4096)) {
			assertThat(served.reason()).isEqualTo(CloseReason.WRITE_TIMEOUT);
		}
	}

	@Test
	void whenManyAreAcceptedTogetherThenTheyDoNotEndTogether() throws Exception {
		this.maxAge = new MaxAge(Duration.ofSeconds(2), Duration.ofMinutes(1));
		start(Duration.ZERO, Duration.ZERO);
		List<Duration> ages = new CopyOnWriteArrayList<>();
		List<Duration> late = new CopyOnWriteArrayList<>();
		Stopwatch watch = Stopwatch.start();
		this.registry.addListener((connection, _) -> {
			Duration own = Duration.ofNanos(this.maxAge.nanosOf(connection.id()));
			ages.add(own);
			late.add(connection.age().minus(own));
		});
		List<ServedConnection> all = new ArrayList<>();
		for (int i = 0; i < 50; i++) {
			ServedConnection served = new ServedConnection(this.registry, ConnectionTests::echo);
			all.add(served);
			Thread.ofVirtual().start(() -> {
				try {
					served.peer().receiveToEnd();
					served.peer().endStream();
				}
				catch (IOException ex) {
					throw new UncheckedIOException(ex);
				}
			});
		}
		for (ServedConnection served : all) {
			assertThat(served.reason()).isEqualTo(CloseReason.MAX_AGE);
			served.close();
		}
		assertThat(ages).hasSize(50)
			.allMatch((age) -> age.toMillis() >= 1_800 && age.toMillis() <= 2_200)
			.anyMatch((age) -> age.toMillis() < 1_950)
			.anyMatch((age) -> age.toMillis() > 2_050);
		Duration max = Duration.ofSeconds(1).plus(watch.stalled());
		assertThat(late).as("ends after its own age").allMatch((time) -> !time.isNegative() && time.compareTo(max) < 0);
	}

	@Test
	void whenARoundFailsForWantOfMemoryThenTheNextOnesWatchOn() throws Exception {
		AtomicLong rounds = new AtomicLong();
		this.acknowledgedBytes = (connection) -> {
			if (rounds.getAndIncrement() == 0) {
				throw new OutOfMemoryError("injected");
			}
			return OptionalLong.empty();
		};
		try (CapturedLog log = CapturedLog.info(TimeoutWatchdog.class.getName())) {
			start(Duration.ZERO, Duration.ofMillis(400));
			try (ServedConnection served = new ServedConnection(this.registry, ConnectionTests::flood, 4096)) {
				assertThat(served.reason()).isEqualTo(CloseReason.WRITE_TIMEOUT);
			}
			assertThat(log.messages()).singleElement().asString().contains("failed in one round");
		}
	}

	@Test
	void whenTimeoutsAreBeyondReckoningThenTheyAreNever() throws Exception {
		start(Duration.ofSeconds(Long.MAX_VALUE), Duration.ofSeconds(Long.MAX_VALUE));
		try (ServedConnection served = new ServedConnection(this.registry, ConnectionTests::echo)) {
			Awaitility.await().until(() -> served.connection().age().compareTo(Duration.ofMillis(1200)) > 0);
			assertThat(served.connection().closeReason()).isNull();
		}
	}

	// The write timeout is one for this write, however long nothing was written before
	@Test
	void whenCloseNotifyHasToWaitAfterAQuietTimeThenItHasAllOfTheWriteTimeout() throws Exception {
		CountDownLatch looks = new CountDownLatch(2);
		this.acknowledgedBytes = (connection) -> {
			looks.countDown();
			return OptionalLong.empty();
		};
		start(Duration.ZERO, Duration.ofSeconds(3));
		try (ServedConnection served = withSlowEnd(looks)) {
			served.peer().send((byte) 1).receive(1);
			Awaitility.await().until(() -> served.connection().idleFor().compareTo(Duration.ofSeconds(4)) > 0);
			served.peer().endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.END_OF_STREAM);
			assertThat(looks.getCount()).isZero();
		}
	}

	@Test
	void whenCloseNotifyHasToWaitForTheWriteTimeoutThenItIsClosed() throws Exception {
		start(Duration.ZERO, Duration.ofMillis(400));
		try (ServedConnection served = withSlowEnd(new CountDownLatch(1))) {
			served.peer().endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.WRITE_TIMEOUT);
		}
	}

	// In a layer whose close_notify waits
	private ServedConnection withSlowEnd(CountDownLatch until) throws IOException {
		TransportLayer layer = (lower, connection) -> new SlowEnd(lower, until);
		return new ServedConnection(this.registry, ConnectionTests::echo, 0,
				List.of(new Layer(layer, Duration.ZERO, CloseReason.HANDSHAKE_FAILED, CloseReason.HANDSHAKE_TIMEOUT)));
	}

	private void start(Duration idleTimeout, Duration writeTimeout) {
		this.watch = new TimeoutWatchdog(this.registry, Duration.ZERO, idleTimeout, writeTimeout, this.maxAge,
				this.acknowledgedBytes, () -> {
				});
		this.watch.start();
		// Another test's may be about to end
		Awaitility.await().pollDelay(Duration.ZERO).until(TimeoutWatchdogTests::watchThreads, (count) -> count == 1);
	}

	private static long watchThreads() {
		return Thread.getAllStackTraces().keySet().stream().filter((it) -> it.getName().equals("tcp-watchdog")).count();
	}

}

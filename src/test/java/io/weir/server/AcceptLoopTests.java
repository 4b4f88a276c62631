package io.weir.server;

import io.weir.connection.Slot;
import java.util.OptionalLong;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.util.concurrent.atomic.AtomicBoolean;

import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.weir.CapturedLog;
import io.weir.Peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

/**
 * Tests for {@link AcceptLoop}, on a real socket whose accept can be made to fail.
 */
class AcceptLoopTests {

	private final BlockingQueue<SocketChannel> accepted = new LinkedBlockingQueue<>();

	private final Map<AcceptError, Integer> errors = new EnumMap<>(AcceptError.class);

	private final ConcurrentLinkedQueue<Exception> failures = new ConcurrentLinkedQueue<>();

	private final List<ServerState> statesWhileFailing = new CopyOnWriteArrayList<>();

	private final List<Peer> peers = new CopyOnWriteArrayList<>();

	private final List<Slot> slots = new CopyOnWriteArrayList<>();

	private Admission admission = new Admission(2, AdmissionRules.NONE);

	private Consumer<SocketChannel> server = this.accepted::add;

	private OptionalLong queueLength = OptionalLong.empty();

	private boolean queueIsUnreadable;

	@SuppressWarnings("NullAway.Init")
	private AcceptLoop loop;

	@SuppressWarnings("NullAway.Init")
	private ListeningSocket socket;

	@BeforeEach
	void start() {
		ListeningSocket real = ListeningSocket.open(Settings.LISTENER, Settings.SOCKETS, 100);
		this.socket = new ListeningSocket(
				new FailingChannel(real.channel(), this.failures, () -> this.statesWhileFailing.add(this.loop.state())),
				real.address(), Settings.SOCKETS, true);
		this.loop = loop(2);
	}

	private AcceptLoop loop(int maxConnections) {
		this.admission = new Admission(maxConnections, AdmissionRules.NONE);
		return new AcceptLoop(this.socket, this.admission, (channel, slot) -> {
			this.slots.add(slot);
			this.server.accept(channel);
		}, (error) -> this.errors.merge(error, 1, Integer::sum), () -> {
			if (this.queueIsUnreadable) {
				throw new IllegalStateException("injected");
			}
			return this.queueLength;
		});
	}

	private void stopLoop(Duration time) throws InterruptedException {
		this.loop.stop(time);
		Awaitility.await().until(this.loop::isEnded);
	}

	@AfterEach
	void stop() throws Exception {
		this.loop.stop(Duration.ZERO);
		this.loop.end();
		for (Peer peer : this.peers) {
			peer.close();
		}
		for (SocketChannel channel : this.accepted) {
			channel.close();
		}
	}

	@Test
	void whenConnectionsComeThenTheyAreServed() throws Exception {
		this.loop.start();
		connect();
		assertThat(next()).isNotNull();
		assertThat(this.loop.state()).isEqualTo(ServerState.ACCEPTING);
		assertThat(this.loop.failure()).isNull();
		assertThat(this.loop.backingOffFor()).isZero();
		Awaitility.await().until(() -> this.admission.taken() == 2);
	}

	@Test
	void whenThereIsNoPermitThenNewcomersWait() throws Exception {
		this.loop.start();
		connect();
		connect();
		connect();
		assertThat(next()).isNotNull();
		assertThat(next()).isNotNull();
		Awaitility.await().until(this.loop::state, (state) -> state == ServerState.FULL);
		assertThat(this.accepted).isEmpty();
		this.slots.getFirst().close();
		assertThat(next()).isNotNull();
	}

	@Test
	void whenAcceptFailsThenItIsCountedLoggedOnceAndTriedAgain() throws Exception {
		// Until it is seen
		int many = 10_000;
		for (int i = 0; i < many; i++) {
			this.failures.add(new IOException("Too many open files"));
		}
		try (CapturedLog log = CapturedLog.info(AcceptLoop.class.getName())) {
			this.loop.start();
			Awaitility.await()
				.pollInterval(Duration.ofMillis(5))
				.until(() -> this.loop.state() == ServerState.BACKING_OFF && this.failures.size() < many - 1);
			assertThat(this.loop.backingOffFor()).isPositive();
			int failed = many - takeBack();
			connect();
			assertThat(next()).isNotNull();
			assertThat(this.errors).containsExactly(Map.entry(AcceptError.EMFILE, failed));
			Awaitility.await().until(this.loop::backingOffFor, Duration.ZERO::equals);
			assertThat(log.events()).singleElement()
				.satisfies((event) -> assertThat(event.getLevel()).isEqualTo(Level.WARN))
				.extracting(ILoggingEvent::getFormattedMessage)
				.asString()
				.contains("EMFILE", "Too many open files", "ulimit -n");
		}
	}

	@Test
	void whenAcceptFailsAgainLaterThenThatIsLoggedAgain() throws Exception {
		try (CapturedLog log = CapturedLog.info(AcceptLoop.class.getName())) {
			this.failures.add(new IOException("Cannot allocate memory"));
			this.loop.start();
			connect();
			assertThat(next()).isNotNull();
			this.failures.add(new IOException("Too many open files in system"));
			connect();
			this.slots.getFirst().close();
			assertThat(next()).isNotNull();
			connect();
			assertThat(next()).isNotNull();
			assertThat(this.errors).containsOnlyKeys(AcceptError.ENOMEM, AcceptError.ENFILE);
			assertThat(log.messages()).hasSize(2);
		}
	}

	@Test
	void whenAcceptKeepsFailingThenItIsNotTriedInASpin() throws Exception {
		int many = 100_000;
		for (int i = 0; i < many; i++) {
			this.failures.add(new IOException("Too many open files"));
		}
		try (CapturedLog log = CapturedLog.info(AcceptLoop.class.getName())) {
			long begin = System.nanoTime();
			this.loop.start();
			Awaitility.await()
				.until(() -> this.loop.backingOffFor().compareTo(Duration.ofSeconds(1)) > 0
						&& many - this.failures.size() >= 5);
			int tries = many - this.failures.size();
			// One at the beginning, and one after each pause of 100 ms
			assertThat(tries).isLessThanOrEqualTo(2 + (int) ((System.nanoTime() - begin) / 100_000_000));
			assertThat(log.messages()).hasSize(1);
			this.failures.clear();
		}
	}

	// Returns how many failures were left
	private int takeBack() {
		int left = 0;
		while (this.failures.poll() != null) {
			left++;
		}
		return left;
	}

	@Test
	void whenServingFailsThenTheLoopHasFailedAndStartsAgain() throws Exception {
		this.server = (channel) -> {
			this.server = this.accepted::add;
			this.slots.getFirst().close();
			throw new IllegalStateException("a bug");
		};
		try (CapturedLog log = CapturedLog.info(AcceptLoop.class.getName())) {
			this.loop.start();
			connect();
			// For 1 s
			Awaitility.await()
				.pollInterval(Duration.ofMillis(5))
				.until(this.loop::state, (state) -> state == ServerState.FAILED);
			assertThat(this.loop.failure()).hasMessage("a bug");
			connect();
			assertThat(next()).isNotNull();
			assertThat(this.loop.state()).isEqualTo(ServerState.ACCEPTING);
			assertThat(this.loop.failure()).isNull();
			assertThat(log.events()).extracting(ILoggingEvent::getLevel).containsExactly(Level.ERROR);
		}
	}

	@Test
	void whenThereIsNoMemoryToLogAFailureEitherThenTheLoopGoesOn() throws Exception {
		this.server = (channel) -> {
			this.server = this.accepted::add;
			throw new OutOfMemoryError("injected");
		};
		try (CapturedLog log = CapturedLog.withoutMemory(AcceptLoop.class.getName())) {
			this.loop.start();
			connect();
			connect();
			assertThat(next()).isNotNull();
			assertThat(log.events()).hasSize(1);
		}
	}

	@Test
	void whenStoppedThenWhatWaitsInTheQueueIsAcceptedFirst() throws Exception {
		this.loop = loop(22);
		// Nothing accepts before the stop
		for (int i = 0; i < 10; i++) {
			connect();
		}
		this.loop.start();
		stopLoop(Duration.ofSeconds(20));
		assertThat(this.loop.state()).isEqualTo(ServerState.STOPPED);
		assertThat(this.socket.channel().isOpen()).isFalse();
		assertThat(this.accepted).hasSize(10);
		assertThat(this.admission.taken()).isEqualTo(10);
		for (SocketChannel channel : this.accepted) {
			channel.close();
		}
		for (Peer peer : this.peers) {
			assertThat(peer.receiveToEnd()).isEmpty();
		}
	}

	@Test
	void whenOneInTheQueueCannotBeServedThenTheOthersAreAllTheSame() throws Exception {
		this.loop = loop(22);
		for (int i = 0; i < 10; i++) {
			connect();
		}
		AtomicBoolean failed = new AtomicBoolean();
		this.server = (channel) -> {
			if (!failed.getAndSet(true)) {
				throw new OutOfMemoryError("injected");
			}
			this.accepted.add(channel);
		};
		// Stops before it accepts one
		this.loop.stop(Duration.ofSeconds(20));
		this.loop.start();
		Awaitility.await().until(this.loop::isEnded);
		assertThat(this.accepted).hasSize(9);
	}

	@Test
	void whenTheQueueCannotBeReadAtTheEndThenTheSocketIsClosedAllTheSame() throws Exception {
		this.loop.start();
		Awaitility.await().until(this.loop::state, (state) -> state == ServerState.ACCEPTING);
		this.queueIsUnreadable = true;
		stopLoop(Duration.ofMillis(300));
		assertThat(this.loop.state()).isEqualTo(ServerState.STOPPED);
		assertThat(this.socket.channel().isOpen()).isFalse();
		assertThat(this.loop.leftInQueue()).isEmpty();
	}

	@Test
	void whenStoppedWhileFullThenThoseWhoWaitAreAcceptedAsPlacesComeFree() throws Exception {
		fill();
		this.loop.stop(Duration.ofSeconds(20));
		for (int i = 0; i < 3; i++) {
			int accepted = 3 + i;
			assertThat(this.loop.isEnded()).isFalse();
			this.slots.get(i).close();
			Awaitility.await().until(this.slots::size, (size) -> size == accepted);
		}
		this.slots.get(3).close();
		Awaitility.await().until(this.loop::isEnded);
		assertThat(this.slots).hasSize(5);
		assertThat(this.socket.channel().isOpen()).isFalse();
	}

	@Test
	void whenNoPlaceComesFreeBeforeTheEndThenWhoWaitsIsCountedAndReset() throws Exception {
		fill();
		this.queueLength = OptionalLong.of(3);
		stopLoop(Duration.ofMillis(300));
		assertThat(this.slots).hasSize(2);
		assertThat(this.admission.taken()).isEqualTo(2);
		assertThat(this.loop.leftInQueue()).hasValue(3);
		assertThatIOException().isThrownBy(() -> this.peers.getLast().receiveToEnd());
	}

	@Test
	void whenTheQueuesLengthIsKnownThenNewcomersAreNotAccepted() throws Exception {
		fill();
		this.queueLength = OptionalLong.of(1);
		this.loop.stop(Duration.ofSeconds(20));
		this.slots.getFirst().close();
		Awaitility.await().until(this.loop::isEnded);
		assertThat(this.slots).hasSize(3);
	}

	// Two have places and three wait
	private void fill() throws Exception {
		this.loop.start();
		for (int i = 0; i < 5; i++) {
			connect();
		}
		Awaitility.await().until(this.loop::state, (state) -> state == ServerState.FULL);
	}

	@Test
	void whenAPlaceIsGivenBackTwiceThenItIsFreeOnce() throws Exception {
		this.loop.start();
		connect();
		connect();
		connect();
		Awaitility.await().until(this.loop::state, (state) -> state == ServerState.FULL);
		this.slots.getFirst().close();
		this.slots.getFirst().close();
		Awaitility.await().until(() -> this.slots.size() == 3);
		Awaitility.await().until(this.loop::state, (state) -> state == ServerState.FULL);
		assertThat(this.admission.taken()).isEqualTo(2);
	}

	@Test
	void whenStoppedThenNoOneElseIsServedAsAConnection() throws Exception {
		this.loop.start();
		Awaitility.await().until(this.loop::state, (state) -> state == ServerState.ACCEPTING);
		stopLoop(Duration.ofMillis(500));
		assertThat(this.accepted).isEmpty();
		assertThat(this.admission.taken()).isZero();
		// The port is free again
		try (ServerSocket again = new ServerSocket(this.socket.address().getPort(), 1,
				this.socket.address().getAddress())) {
			assertThat(again.isBound()).isTrue();
		}
	}

	@Test
	void whenStoppedWhileBackingOffThenItEndsSoon() throws Exception {
		for (int i = 0; i < 1000; i++) {
			this.failures.add(new IOException("Too many open files"));
		}
		try (CapturedLog log = CapturedLog.info(AcceptLoop.class.getName())) {
			this.loop.start();
			Awaitility.await().until(() -> this.failures.size() < 1000);
			long begin = System.nanoTime();
			stopLoop(Duration.ofMillis(500));
			// After all failures it would take 100 s
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(8));
			assertThat(this.loop.state()).isEqualTo(ServerState.STOPPED);
			assertThat(log.messages().getLast()).contains("could not be accepted before the end");
		}
	}

	// The length of the queue is known or not
	@ParameterizedTest
	@ValueSource(longs = { -1, 1 })
	void whenAcceptFailsAtTheEndThenItIsTriedAgain(long queue) throws Exception {
		this.queueLength = (queue < 0) ? OptionalLong.empty() : OptionalLong.of(queue);
		this.loop = loop(22);
		connect();
		for (int i = 0; i < 3; i++) {
			this.failures.add(new IOException("Too many open files"));
		}
		this.loop.start();
		stopLoop(Duration.ofSeconds(20));
		assertThat(this.failures).isEmpty();
		assertThat(this.accepted).hasSize(1);
	}

	@Test
	void whenBackingOffThenTheStateIsNeverAccepting() throws Exception {
		for (int i = 0; i < 5; i++) {
			this.failures.add(new IOException("Too many open files"));
		}
		this.loop.start();
		Awaitility.await().until(this.failures::isEmpty);
		Awaitility.await().until(this.loop::state, (state) -> state == ServerState.ACCEPTING);
		assertThat(this.loop.backingOffFor()).isZero();
		// The first failure begins the episode
		assertThat(this.statesWhileFailing.subList(1, 5)).containsOnly(ServerState.BACKING_OFF);
	}

	private void connect() throws IOException {
		this.peers.add(Peer.connect(this.socket.address().getPort()));
	}

	private @Nullable SocketChannel next() throws InterruptedException {
		return this.accepted.poll(10, TimeUnit.SECONDS);
	}

}

package io.weir.connection;

import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.weir.ServedConnection;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ThreadPlacement}.
 */
class ThreadPlacementTests {

	private int open = 3;

	private volatile boolean threadsRunOut;

	private final ThreadPlacement placement = new ThreadPlacement(() -> this.open, this::thread);

	private final Map<Connection, Thread> threads = new ConcurrentHashMap<>();

	private final List<ServedConnection> served = new ArrayList<>();

	@AfterEach
	void close() throws IOException {
		for (ServedConnection connection : this.served) {
			connection.close();
		}
	}

	private Thread thread(Runnable task) {
		if (this.threadsRunOut) {
			throw new OutOfMemoryError("unable to create native thread");
		}
		return new Thread(task);
	}

	private ServedConnection serve() throws IOException {
		ServedConnection connection = new ServedConnection((accepted) -> {
			accepted.setPlacement(this.placement);
			return accepted.repeat(() -> exchange(accepted));
		});
		this.served.add(connection);
		return connection;
	}

	// Echoes a byte; "x" fails as a peer's reset does, "e" as a bug does
	private @Nullable CloseReason exchange(Connection connection) throws IOException {
		ByteBuffer buffer = ByteBuffer.allocate(1);
		if (connection.readNext(buffer) < 0) {
			return CloseReason.END_OF_STREAM;
		}
		switch (buffer.get(0)) {
			case 'x' -> throw new SocketException("Connection reset");
			case 'e' -> throw new AssertionError("a bug");
			default -> {
				this.threads.put(connection, Thread.currentThread());
				connection.write(buffer.flip());
			}
		}
		return null;
	}

	private boolean isVirtualAfter(ServedConnection connection, int exchanges) throws IOException {
		for (int i = 0; i < exchanges; i++) {
			assertThat(connection.peer().send((byte) 1).receive(1)).hasSize(1);
		}
		return Objects.requireNonNull(this.threads.get(connection.connection())).isVirtual();
	}

	@Test
	void whenAConnectionIsAloneThenItMovesToAPlatformThreadOfItsName() throws Exception {
		ServedConnection alone = serve();
		assertThat(isVirtualAfter(alone, ThreadPlacement.STREAK)).isTrue();
		assertThat(isVirtualAfter(alone, 2)).isFalse();
		assertThat(this.threads.get(alone.connection())).extracting(Thread::getName)
			.isEqualTo("connection-" + alone.connection().id());
		alone.peer().endStream();
		assertThat(alone.reason()).isEqualTo(CloseReason.END_OF_STREAM);
	}

	@ParameterizedTest
	@ValueSource(ints = { 1, 2 })
	void whenAConnectionIsAloneFromItsBeginningThenItMovesBeforeItReads(int open) throws Exception {
		this.open = open;
		ServedConnection alone = serve();
		assertThat(isVirtualAfter(alone, 1)).isFalse();
		assertThat(isVirtualAfter(alone, 100)).isFalse();
		this.open = 3;
		ServedConnection second = serve();
		ServedConnection third = serve();
		for (int i = 0; i < 20; i++) {
			isVirtualAfter(second, 1);
			isVirtualAfter(third, 1);
			isVirtualAfter(alone, 1);
		}
		assertThat(isVirtualAfter(alone, 1)).isTrue();
	}

	@Test
	void whenAConnectionBeginsSoonAfterAnotherThenItDoesNotMoveAtOnce() throws Exception {
		this.open = 1;
		assertThat(isVirtualAfter(serve(), 1)).isFalse();
		boolean stayed = false;
		// However slow the machine is, one of them begins in time
		for (int i = 0; i < 100 && !stayed; i++) {
			ServedConnection next = serve();
			stayed = isVirtualAfter(next, 1);
			// A platform thread is to be had for each
			next.peer().endStream();
			assertThat(next.reason()).isEqualTo(CloseReason.END_OF_STREAM);
		}
		assertThat(stayed).isTrue();
	}

	@Test
	void whenTwoAreActiveThenBothMove() throws Exception {
		ServedConnection one = serve();
		ServedConnection other = serve();
		for (int i = 0; i < ThreadPlacement.STREAK + 2; i++) {
			isVirtualAfter(one, 1);
			isVirtualAfter(other, 1);
		}
		assertThat(isVirtualAfter(one, 1)).isFalse();
		assertThat(isVirtualAfter(other, 1)).isFalse();
	}

	@Test
	void whenMoreBecomeActiveThenItMovesBack() throws Exception {
		ServedConnection first = serve();
		assertThat(isVirtualAfter(first, 30)).isFalse();
		ServedConnection second = serve();
		ServedConnection third = serve();
		for (int i = 0; i < 100; i++) {
			isVirtualAfter(second, 1);
			isVirtualAfter(third, 1);
			isVirtualAfter(first, 1);
		}
		assertThat(isVirtualAfter(first, 1)).isTrue();
		assertThat(isVirtualAfter(second, 1)).isTrue();
		assertThat(isVirtualAfter(third, 1)).isTrue();
		assertThat(isVirtualAfter(first, 30)).isFalse();
	}

	@Test
	void whenSilentOnesHaveAllThreadsThenTheOthersAreServedOnTheirOwn() throws Exception {
		for (int i = 0; i < ThreadPlacement.MOST_THREADS; i++) {
			assertThat(isVirtualAfter(serve(), 30)).isFalse();
		}
		ServedConnection late = serve();
		assertThat(isVirtualAfter(late, 100)).isTrue();
		ServedConnection ended = this.served.getFirst();
		ended.peer().endStream();
		assertThat(ended.reason()).isEqualTo(CloseReason.END_OF_STREAM);
		assertThat(isVirtualAfter(late, 100)).isFalse();
	}

	@Test
	void whenNoPlatformThreadCanBeStartedThenTheConnectionGoesOnOnItsVirtualThread() throws Exception {
		this.threadsRunOut = true;
		this.open = 1;
		ServedConnection alone = serve();
		// So often that each place is taken and given back
		assertThat(isVirtualAfter(alone, (ThreadPlacement.MOST_THREADS + 2) * (ThreadPlacement.STREAK + 1))).isTrue();
		this.threadsRunOut = false;
		assertThat(isVirtualAfter(alone, 2 * ThreadPlacement.STREAK)).isFalse();
		alone.peer().endStream();
		assertThat(alone.reason()).isEqualTo(CloseReason.END_OF_STREAM);
	}

	@Test
	void whenAnExchangeFailsOnAPlatformThreadThenTheReasonIsTheSame() throws Exception {
		ServedConnection reset = serve();
		assertThat(isVirtualAfter(reset, 30)).isFalse();
		reset.peer().send((byte) 'x');
		assertThat(reset.reason()).isEqualTo(CloseReason.RESET);
		ServedConnection bug = serve();
		assertThat(isVirtualAfter(bug, 30)).isFalse();
		bug.peer().send((byte) 'e').endStream();
		assertThat(bug.reason()).isEqualTo(CloseReason.HANDLER_ERROR);
		ServedConnection ended = serve();
		assertThat(isVirtualAfter(ended, 30)).isFalse();
		ended.connection().end(CloseReason.CLOSED_BY_OPERATOR);
		ended.peer().endStream();
		assertThat(ended.reason()).isEqualTo(CloseReason.CLOSED_BY_OPERATOR);
	}

}

package io.weir.connection;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import io.weir.CapturedLog;
import io.weir.ServedConnection;
import io.weir.api.ClientConnection;
import io.weir.api.ConnectionHandler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * What becomes of a connection whose handler does what it should not.
 */
@Timeout(60)
class MisbehavingHandlerTests {

	static List<Throwable> whateverCanBeThrown() {
		IllegalStateException one = new IllegalStateException("one");
		IllegalStateException circle = new IllegalStateException("circle", one);
		one.initCause(circle);
		return List.of(new IllegalStateException("a bug"), new IOException("disk full"), new EOFException("of a file"),
				new UncheckedIOException(new IOException("disk full")), new AssertionError("wrong"),
				new NoClassDefFoundError("com/example/Missing"), new StackOverflowError(), new OutOfMemoryError("test"),
				new InterruptedException("by itself"), new Throwable("as such"), circle, new Hostile());
	}

	@ParameterizedTest
	@MethodSource("whateverCanBeThrown")
	void whenItThrowsThenOnlyThatConnectionEndsAndTheAuthorIsToldWhere(Throwable failure) throws Exception {
		try (CapturedLog log = CapturedLog.info(ConnectionRunner.class.getName());
				ServedConnection served = new ServedConnection((connection) -> {
					connection.write(ByteBuffer.wrap(new byte[] { 1, 2 }));
					connection.read(ByteBuffer.allocate(1));
					MisbehavingHandlerTests.<RuntimeException>sneak(failure);
				})) {
			served.peer().send((byte) 1);
			// Not a reset: what was written arrives
			assertThat(served.peer().receiveToEnd()).containsExactly(1, 2);
			served.peer().endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.HANDLER_ERROR);
			Awaitility.await().until(served::releases, (count) -> count == 1);
			assertThat(log.events()).singleElement().satisfies((event) -> {
				assertThat(event.getFormattedMessage()).contains("connection 1 from", "handler",
						"only this connection");
				assertThat(event.getThrowableProxy().getMessage()).contains(failure.getClass().getName());
				assertThat(event.getThrowableProxy().getStackTraceElementProxyArray()).isNotEmpty();
			});
		}
	}

	@Test
	void whenItGoesOnAfterAResetThenReadsAndWritesFailAndItIsInterrupted() throws Exception {
		List<IOException> failures = new ArrayList<>();
		CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
		ConnectionHandler handler = (connection) -> {
			try {
				ConnectionTests.echo(connection);
			}
			catch (IOException ex) {
				failures.add(ex);
			}
			for (int i = 0; i < 3; i++) {
				try {
					connection.read(ByteBuffer.allocate(1));
				}
				catch (IOException ex) {
					failures.add(ex);
				}
			}
			interrupted.complete(sleepIsInterrupted());
		};
		ConnectionRegistry registry = new ConnectionRegistry();
		try (TimeoutWatchdog watchdog = watchdog(registry);
				ServedConnection served = new ServedConnection(registry, handler)) {
			watchdog.start();
			served.peer().send((byte) 1).receive(1);
			served.peer().reset();
			assertThat(interrupted.get(10, TimeUnit.SECONDS)).isTrue();
			assertThat(served.reason()).isEqualTo(CloseReason.RESET);
			assertThat(failures).hasSize(4);
			assertThat(failures.subList(1, 4))
				.allSatisfy((ex) -> assertThat(ex).hasMessage("the connection has ended"));
		}
	}

	@Test
	void whenItMakesSomethingElseOfAResetThenThatIsHandlerError() throws Exception {
		try (CapturedLog log = CapturedLog.info(ConnectionRunner.class.getName());
				ServedConnection served = new ServedConnection((connection) -> {
					try {
						ConnectionTests.echo(connection);
					}
					catch (IOException ex) {
						throw new IllegalStateException("lost");
					}
				})) {
			served.peer().send((byte) 1).receive(1);
			served.peer().reset();
			assertThat(served.reason()).isEqualTo(CloseReason.HANDLER_ERROR);
			assertThat(log.events()).hasSize(1);
		}
	}

	@Test
	void whenItFailsAfterItsOwnCloseThenThatIsHandlerError() throws Exception {
		try (CapturedLog log = CapturedLog.info(ConnectionRunner.class.getName());
				ServedConnection served = new ServedConnection((connection) -> {
					connection.outputStream().close();
					throw new IllegalStateException("late");
				})) {
			assertThat(served.peer().receiveToEnd()).isEmpty();
			served.peer().endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.HANDLER_ERROR);
			assertThat(log.events()).hasSize(1);
		}
	}

	@Test
	void whenItBlocksAfterItsEndThenItIsInterruptedAndWhatItThrowsIsNoError() throws Exception {
		CountDownLatch blocked = new CountDownLatch(1);
		ConnectionHandler handler = (connection) -> {
			connection.read(ByteBuffer.allocate(1));
			blocked.countDown();
			sleepIsInterrupted();
			throw new IllegalStateException("being interrupted");
		};
		ConnectionRegistry registry = new ConnectionRegistry();
		try (CapturedLog log = CapturedLog.info(ConnectionRunner.class.getName());
				TimeoutWatchdog watchdog = watchdog(registry);
				ServedConnection served = new ServedConnection(registry, handler)) {
			watchdog.start();
			served.peer().send((byte) 1);
			assertThat(blocked.await(10, TimeUnit.SECONDS)).isTrue();
			assertThat(served.connection().endedFor()).isZero();
			served.connection().end(CloseReason.CLOSED_BY_OPERATOR);
			assertThat(served.peer().receiveToEnd()).isEmpty();
			assertThat(served.reason()).isEqualTo(CloseReason.CLOSED_BY_OPERATOR);
			assertThat(served.connection().endedFor()).isPositive();
			assertThat(log.events()).isEmpty();
		}
	}

	// The JDK then closes the channel, and nobody else does
	@Test
	void whenItsOtherThreadIsInterruptedInAReadThenItIsInterruptedItself() throws Exception {
		CompletableFuture<Thread> other = new CompletableFuture<>();
		CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
		ConnectionHandler handler = (connection) -> {
			other.complete(Thread.ofPlatform().start(() -> failure(() -> connection.read(ByteBuffer.allocate(1)))));
			interrupted.complete(sleepIsInterrupted());
		};
		ConnectionRegistry registry = new ConnectionRegistry();
		try (TimeoutWatchdog watchdog = watchdog(registry);
				ServedConnection served = new ServedConnection(registry, handler)) {
			watchdog.start();
			Awaitility.await().until(() -> served.connection().lifecycle().isReading());
			other.get(10, TimeUnit.SECONDS).interrupt();
			assertThat(interrupted.get(10, TimeUnit.SECONDS)).isTrue();
			assertThat(served.reason()).isEqualTo(CloseReason.IO_ERROR);
			Awaitility.await().until(served::releases, (count) -> count == 1);
		}
	}

	@Test
	void whenItReadsAfterTheEndThenItGetsTheEndAgain() throws Exception {
		List<Integer> reads = new ArrayList<>();
		try (ServedConnection served = new ServedConnection((connection) -> {
			InputStream input = connection.inputStream();
			for (int i = 0; i < 5; i++) {
				reads.add(connection.read(ByteBuffer.allocate(10)));
				reads.add(input.read());
			}
			connection.write(ByteBuffer.wrap(new byte[] { 7 }));
		})) {
			served.peer().send((byte) 1, (byte) 2).endStream();
			assertThat(served.peer().receiveToEnd()).containsExactly(7);
			assertThat(served.reason()).isEqualTo(CloseReason.END_OF_STREAM);
			assertThat(reads).hasSize(10).endsWith(-1, -1, -1, -1, -1, -1, -1, -1);
		}
	}

	@Test
	void whenItNeverReadsThenTheServerDoesAndThePeerGetsNoReset() throws Exception {
		try (ServedConnection served = new ServedConnection(
				(connection) -> connection.write(ByteBuffer.wrap(new byte[] { 1 })))) {
			served.peer().send(new byte[200_000]);
			assertThat(served.peer().endStream().receiveToEnd()).containsExactly(1);
			assertThat(served.reason()).isEqualTo(CloseReason.CLOSED_BY_HANDLER);
			assertThat(served.connection().bytesReceived()).isEqualTo(200_000);
		}
	}

	@Test
	void whenItKeepsTheConnectionThenThatIsOfNoUse() throws Exception {
		CompletableFuture<ClientConnection> kept = new CompletableFuture<>();
		CompletableFuture<OutputStream> output = new CompletableFuture<>();
		try (ServedConnection served = new ServedConnection((connection) -> {
			kept.complete(connection);
			output.complete(connection.outputStream());
		})) {
			served.peer().endStream();
			served.reason();
			ClientConnection connection = kept.join();
			assertThatIOException().isThrownBy(() -> connection.read(ByteBuffer.allocate(1)))
				.withMessage("the connection has ended");
			assertThatIOException().isThrownBy(() -> connection.write(ByteBuffer.allocate(1)))
				.withMessage("the connection has ended");
			assertThatIOException().isThrownBy(() -> output.join().write(1));
			assertThatIOException().isThrownBy(() -> connection.inputStream().available());
			output.join().close();
			connection.exchangeBegins();
			connection.exchangeDone();
			assertThat(connection.id()).isEqualTo(1);
			assertThat(connection.peer().getPort()).isEqualTo(served.peer().port());
			assertThat(connection.local().getPort()).isPositive();
			assertThat(served.connection().closeReason()).isEqualTo(CloseReason.CLOSED_BY_HANDLER);
			// The place is given back after the listeners have heard of the end
			Awaitility.await().until(served::releases, (count) -> count == 1);
		}
	}

	@Test
	void whenOtherThreadsStillReadAndWriteAtTheReturnThenTheyFailAndThePeerGetsTheEnd() throws Exception {
		CompletableFuture<String> reader = new CompletableFuture<>();
		CompletableFuture<String> writer = new CompletableFuture<>();
		CountDownLatch goOn = new CountDownLatch(1);
		ConnectionHandler handler = (connection) -> {
			connection.read(ByteBuffer.allocate(1));
			Thread.ofPlatform().start(() -> reader.complete(failure(() -> connection.read(ByteBuffer.allocate(1)))));
			Thread.ofVirtual().start(() -> writer.complete(failure(() -> ConnectionTests.flood(connection))));
			await(goOn);
		};
		ConnectionRegistry registry = new ConnectionRegistry();
		try (TimeoutWatchdog watchdog = watchdog(registry);
				ServedConnection served = new ServedConnection(registry, handler, 4096)) {
			watchdog.start();
			served.peer().send((byte) 1);
			ConnectionTests.awaitBlockedWrite(served.connection());
			goOn.countDown();
			assertThat(served.reason()).isEqualTo(CloseReason.CLOSED_BY_HANDLER);
			assertThat(reader.get(10, TimeUnit.SECONDS)).isNotEqualTo("none");
			assertThat(writer.get(10, TimeUnit.SECONDS)).isNotEqualTo("none");
			Awaitility.await().until(served::releases, (count) -> count == 1);
		}
	}

	@Test
	void whenASecondThreadReadsOrWritesThenItIsToldSoAndTheFirstGoesOn() throws Exception {
		CompletableFuture<ClientConnection> reading = new CompletableFuture<>();
		CompletableFuture<ClientConnection> writing = new CompletableFuture<>();
		try (ServedConnection reader = new ServedConnection((connection) -> {
			reading.complete(connection);
			ConnectionTests.echo(connection);
		}); ServedConnection writer = new ServedConnection(new ConnectionRegistry(), (connection) -> {
			writing.complete(connection);
			connection.write(ByteBuffer.allocate(3_000_000));
		}, 4096)) {
			Awaitility.await().until(() -> reader.connection().lifecycle().isReading());
			assertThatIllegalStateException()
				.isThrownBy(() -> reading.get(1, TimeUnit.SECONDS).read(ByteBuffer.allocate(1)))
				.withMessageContaining("Another thread reads")
				.withMessageContaining("no more");
			assertThat(reader.peer().send((byte) 5).receive(1)).containsExactly(5);
			ConnectionTests.awaitBlockedWrite(writer.connection());
			assertThatIllegalStateException()
				.isThrownBy(() -> writing.get(1, TimeUnit.SECONDS).write(ByteBuffer.allocate(1)))
				.withMessageContaining("Another thread writes");
			assertThat(writer.peer().receiveToEnd()).hasSize(3_000_000);
			writer.peer().endStream();
			assertThat(writer.reason()).isEqualTo(CloseReason.CLOSED_BY_HANDLER);
		}
	}

	@Test
	void whenABufferIsReadOnlyThenTheNextReadSucceeds() throws Exception {
		try (ServedConnection served = new ServedConnection((connection) -> {
			assertThatExceptionOfType(IllegalArgumentException.class)
				.isThrownBy(() -> connection.read(ByteBuffer.allocate(10).asReadOnlyBuffer()));
			ConnectionTests.echo(connection);
		})) {
			assertThat(served.peer().send((byte) 5).receive(1)).containsExactly(5);
			served.peer().endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.END_OF_STREAM);
		}
	}

	// Without timeouts: only ends what has ended
	private static TimeoutWatchdog watchdog(ConnectionRegistry registry) {
		return new TimeoutWatchdog(registry, Duration.ZERO, Duration.ZERO, Duration.ZERO,
				new MaxAge(Duration.ZERO, Duration.ZERO), (connection) -> OptionalLong.empty(), () -> {
				});
	}

	private static String failure(Action action) {
		try {
			action.run();
			return "none";
		}
		catch (IOException ex) {
			return ex.toString();
		}
	}

	private static void await(CountDownLatch latch) {
		try {
			assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@FunctionalInterface
	private interface Action {

		void run() throws IOException;

	}

	@SuppressWarnings("unchecked")
	private static <T extends Throwable> void sneak(Throwable failure) throws T {
		throw (T) failure;
	}

	private static boolean sleepIsInterrupted() {
		try {
			TimeUnit.SECONDS.sleep(20);
			return false;
		}
		catch (InterruptedException ex) {
			return true;
		}
	}

	/**
	 * Has no text.
	 */
	private static final class Hostile extends RuntimeException {

		private static final long serialVersionUID = 1L;

		@Override
		public String getMessage() {
			throw new IllegalStateException("no text");
		}

	}

}

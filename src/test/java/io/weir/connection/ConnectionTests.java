package io.weir.connection;

import java.util.List;
import java.net.SocketException;
import java.io.UncheckedIOException;
import io.weir.api.ConnectionHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import io.weir.api.ClientConnection;
import io.weir.CapturedLog;
import io.weir.ServedConnection;
import io.weir.scheduling.ConnectionThread;

import static io.weir.protocol.Recipe.DATA;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;

/**
 * Tests for {@link Connection}.
 */
class ConnectionTests {

	@Test
	void whenBytesGoThenTheyAreCounted() throws Exception {
		Instant before = Instant.now();
		try (ServedConnection served = new ServedConnection(ConnectionTests::echo)) {
			Connection connection = served.connection();
			assertThat(connection.id()).isEqualTo(1);
			assertThat(connection.peer().getPort()).isEqualTo(served.peer().port());
			assertThat(connection.peerText()).isEqualTo("127.0.0.1:" + served.peer().port());
			assertThat(connection).hasToString("connection 1 from 127.0.0.1:" + served.peer().port());
			assertThat(connection.openedAt()).isBetween(before, Instant.now());
			assertThat(served.peer().send(DATA).receive(DATA.length)).isEqualTo(DATA);
			Awaitility.await().until(() -> connection.bytesSent() == DATA.length);
			assertThat(connection.bytesReceived()).isEqualTo(DATA.length);
			assertThat(connection.records()).isZero();
			assertThat(connection.closeReason()).isNull();
			Duration idle = connection.idleFor();
			assertThat(connection.age()).isGreaterThanOrEqualTo(idle).isPositive();
			connection.counters().addRecord();
			assertThat(connection.records()).isEqualTo(1);
		}
	}

	@Test
	void whenABytePassesThenIdleTimeStartsAgain() throws Exception {
		try (ServedConnection served = new ServedConnection(ConnectionTests::echo)) {
			Connection connection = served.connection();
			Awaitility.await().until(() -> connection.idleFor().compareTo(Duration.ofMillis(200)) > 0);
			long begin = System.nanoTime();
			served.peer().send(DATA).receive(DATA.length);
			Awaitility.await().until(() -> connection.idleFor().toNanos() <= System.nanoTime() - begin);
			assertThat(connection.age()).isGreaterThan(Duration.ofMillis(200));
		}
	}

	@Test
	void whenPeerEndsThenItGetsTheEndOfStreamToo() throws Exception {
		try (ServedConnection served = new ServedConnection(ConnectionTests::echo)) {
			assertThat(served.peer().send(DATA).endStream().receiveToEnd()).isEqualTo(DATA);
			assertThat(served.reason()).isEqualTo(CloseReason.END_OF_STREAM);
			assertThat(served.connection().closeReason()).isEqualTo(CloseReason.END_OF_STREAM);
			assertThat(served.connection().state()).isEqualTo(ConnectionState.CLOSING);
			assertThat(served.connection().channel().isOpen()).isFalse();
		}
	}

	@Test
	void whenEndedWhileReadingThenPeerGetsEndOfStreamAndIsReadToItsOwn() throws Exception {
		try (ServedConnection served = new ServedConnection(ConnectionTests::echo)) {
			Connection connection = served.connection();
			served.peer().send(DATA).receive(DATA.length);
			assertThat(connection.end(CloseReason.CLOSED_BY_OPERATOR)).isTrue();
			assertThat(connection.end(CloseReason.IDLE_TIMEOUT)).isFalse();
			assertThat(connection.state()).isEqualTo(ConnectionState.CLOSING);
			assertThat(served.peer().receiveToEnd()).isEmpty();
			served.peer().send(new byte[1000]);
			Awaitility.await().until(() -> connection.bytesReceived() == DATA.length + 1000);
			assertThat(served.isServed()).isTrue();
			served.peer().endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.CLOSED_BY_OPERATOR);
			assertThat(connection.bytesSent()).isEqualTo(DATA.length);
		}
	}

	@Test
	void whenEndedInsideAnExchangeThenHandlerLeavesAtItsNextRead() throws Exception {
		CountDownLatch inExchange = new CountDownLatch(1);
		CountDownLatch ended = new CountDownLatch(1);
		AtomicBoolean wentOn = new AtomicBoolean();
		ConnectionHandler handler = (connection) -> {
			connection.read(ByteBuffer.allocate(1));
			inExchange.countDown();
			await(ended);
			connection.read(ByteBuffer.allocate(10));
			wentOn.set(true);
		};
		try (ServedConnection served = new ServedConnection(handler)) {
			served.peer().send(DATA);
			await(inExchange);
			served.connection().end(CloseReason.DRAIN_TIMEOUT);
			ended.countDown();
			served.peer().endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.DRAIN_TIMEOUT);
			assertThat(wentOn).isFalse();
			assertThat(served.connection().bytesReceived()).isEqualTo(DATA.length);
		}
	}

	@Test
	void whenEndedWhileWritingThenBlockedWriteEndsAndPeerKeepsWhatWasSent() throws Exception {
		try (ServedConnection served = new ServedConnection(new ConnectionRegistry(), ConnectionTests::flood, 4096)) {
			Connection connection = served.connection();
			awaitBlockedWrite(connection);
			assertThat(connection.end(CloseReason.DRAIN_TIMEOUT)).isTrue();
			byte[] received = served.peer().receiveToEnd();
			served.peer().endStream();
			assertThat(received).isNotEmpty().containsOnly((byte) 0);
			assertThat(served.reason()).isEqualTo(CloseReason.DRAIN_TIMEOUT);
		}
	}

	@Test
	void whenAbortedWhileReadingThenItEndsAtOnce() throws Exception {
		try (ServedConnection served = new ServedConnection(ConnectionTests::echo)) {
			served.peer().send(DATA).receive(DATA.length);
			served.connection().abort(CloseReason.DRAIN_TIMEOUT);
			assertThat(served.reason()).isEqualTo(CloseReason.DRAIN_TIMEOUT);
			assertThat(served.connection().channel().isOpen()).isFalse();
		}
	}

	@Test
	void whenAbortedWhileWritingThenItEndsAtOnce() throws Exception {
		try (ServedConnection served = new ServedConnection(new ConnectionRegistry(), ConnectionTests::flood, 4096)) {
			awaitBlockedWrite(served.connection());
			assertThat(served.connection().state()).isEqualTo(ConnectionState.WRITING);
			served.connection().abort(CloseReason.WRITE_TIMEOUT);
			assertThat(served.reason()).isEqualTo(CloseReason.WRITE_TIMEOUT);
			assertThat(served.connection().channel().isOpen()).isFalse();
		}
	}

	@Test
	void whenPeerResetsWhileReadingThenReasonIsReset() throws Exception {
		try (ServedConnection served = new ServedConnection(ConnectionTests::echo)) {
			served.peer().send(DATA).receive(DATA.length);
			served.peer().reset();
			assertThat(served.reason()).isEqualTo(CloseReason.RESET);
		}
	}

	@Test
	void whenPeerResetsWhileWritingThenReasonIsReset() throws Exception {
		try (ServedConnection served = new ServedConnection(new ConnectionRegistry(), (connection) -> {
			connection.read(ByteBuffer.allocate(1));
			flood(connection);
		}, 4096)) {
			served.peer().send((byte) 1);
			awaitBlockedWrite(served.connection());
			served.peer().reset();
			assertThat(served.reason()).isEqualTo(CloseReason.RESET);
		}
	}

	@Test
	void whenPeerWasResetBeforeTheWriteThenReasonIsReset() throws Exception {
		CountDownLatch reset = new CountDownLatch(1);
		ConnectionHandler handler = (connection) -> {
			connection.read(ByteBuffer.allocate(1));
			await(reset);
			while (true) {
				connection.write(ByteBuffer.allocateDirect(100));
			}
		};
		try (ServedConnection served = new ServedConnection(handler)) {
			served.peer().send((byte) 1);
			served.awaitReceived(1);
			served.peer().reset();
			reset.countDown();
			assertThat(served.reason()).isEqualTo(CloseReason.RESET);
		}
	}

	@Test
	void whenReadingFailsOtherwiseThenReasonIsIoError() throws Exception {
		Layer failing = new Layer((lower, connection) -> new FailingTransport(lower), Duration.ZERO,
				CloseReason.HANDSHAKE_FAILED, CloseReason.HANDSHAKE_TIMEOUT);
		try (ServedConnection served = new ServedConnection(new ConnectionRegistry(), ConnectionTests::echo, 0,
				List.of(failing))) {
			assertThat(served.reason()).isEqualTo(CloseReason.IO_ERROR);
		}
	}

	@Test
	void whenAnIoExceptionIsTheHandlersOwnThenReasonIsHandlerError() throws Exception {
		ConnectionHandler handler = (connection) -> {
			connection.read(ByteBuffer.allocate(1));
			throw new IOException("disk full");
		};
		try (ServedConnection served = new ServedConnection(handler)) {
			served.peer().send((byte) 1).endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.HANDLER_ERROR);
			assertThat(served.connection().failure()).hasMessage("disk full");
		}
	}

	@Test
	void whenTheHandlerWrapsOrSwallowsAFailedReadThenItsTrueReasonIsTold() throws Exception {
		ConnectionHandler wraps = (connection) -> {
			try {
				ConnectionTests.echo(connection);
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		};
		ConnectionHandler swallows = (connection) -> {
			try {
				ConnectionTests.echo(connection);
			}
			catch (SocketException ex) {
				assertThat(ex).hasMessageContaining("reset");
			}
		};
		for (ConnectionHandler handler : List.of(wraps, swallows)) {
			try (ServedConnection served = new ServedConnection(handler)) {
				served.peer().send(DATA).receive(DATA.length);
				served.peer().reset();
				assertThat(served.reason()).isEqualTo(CloseReason.RESET);
			}
		}
	}

	@Test
	void whenThePeerEndsOrResetsBeforeAByteHasComeThenTheConnectionWasEmpty() throws Exception {
		try (ServedConnection ended = new ServedConnection(ConnectionTests::echo);
				ServedConnection reset = new ServedConnection(ConnectionTests::echo)) {
			ended.peer().endStream();
			assertThat(ended.reason()).isEqualTo(CloseReason.EMPTY);
			reset.peer().reset();
			assertThat(reset.reason()).isEqualTo(CloseReason.EMPTY);
		}
	}

	@Test
	void whenHandlerFailsThenReasonIsHandlerErrorAndTheCauseIsLogged() throws Exception {
		for (Throwable failure : new Throwable[] { new IllegalStateException("a bug"), new StackOverflowError() }) {
			try (CapturedLog log = CapturedLog.info(ConnectionRunner.class.getName());
					ServedConnection served = new ServedConnection((connection) -> ConnectionTests.fail(failure))) {
				assertThat(served.peer().receiveToEnd()).isEmpty();
				served.peer().endStream();
				assertThat(served.reason()).isEqualTo(CloseReason.HANDLER_ERROR);
				assertThat(log.events()).singleElement()
					.satisfies((event) -> assertThat(event.getLevel()).isEqualTo(Level.WARN))
					.satisfies((event) -> assertThat(event.getThrowableProxy()).isNotNull())
					.extracting(ILoggingEvent::getFormattedMessage)
					.asString()
					.contains("connection 1", served.connection().peerText());
			}
		}
	}

	@Test
	void whenHandlerLeavesBytesUnreadThenTheyAreReadBeforeTheClose() throws Exception {
		try (ServedConnection served = new ServedConnection((connection) -> {
		})) {
			served.peer().send(new byte[50_000]).endStream();
			assertThat(served.peer().receiveToEnd()).isEmpty();
			assertThat(served.reason()).isEqualTo(CloseReason.CLOSED_BY_HANDLER);
			assertThat(served.connection().bytesReceived()).isEqualTo(50_000);
		}
	}

	@Test
	void whenPeerGoesOnSendingAfterTheEndThenOneMebibyteIsReadAtMost() throws Exception {
		try (ServedConnection served = new ServedConnection(ConnectionTests::echo)) {
			served.connection().end(CloseReason.IDLE_TIMEOUT);
			assertThatIOException().isThrownBy(() -> {
				for (int i = 0; i < 1024; i++) {
					served.peer().send(new byte[64 * 1024]);
				}
			});
			assertThat(served.reason()).isEqualTo(CloseReason.IDLE_TIMEOUT);
			// The handler may have been in the midst of a read
			assertThat(served.connection().bytesReceived()).isBetween((long) GracefulClose.MAX_LINGER_BYTES,
					GracefulClose.MAX_LINGER_BYTES + 8192L);
		}
	}

	@Test
	void whenEndedThenLingerIsOverAfterOneSecond() throws Exception {
		try (ServedConnection served = new ServedConnection(ConnectionTests::echo)) {
			Connection connection = served.connection();
			assertThat(connection.ending().isLingerOver(System.nanoTime() + TimeUnit.HOURS.toNanos(1))).isFalse();
			connection.end(CloseReason.IDLE_TIMEOUT);
			long now = System.nanoTime();
			assertThat(connection.ending().isLingerOver(now)).isFalse();
			assertThat(connection.ending().isLingerOver(now + TimeUnit.SECONDS.toNanos(1))).isTrue();
		}
	}

	@Test
	void whenBetweenExchangesAndQuietThenItCanBeDrained() throws Exception {
		try (ServedConnection served = new ServedConnection(ConnectionTests::echo)) {
			Connection connection = served.connection();
			served.peer().send(DATA).receive(DATA.length);
			long second = TimeUnit.SECONDS.toNanos(1);
			assertThat(connection.ending().endBetweenExchanges(CloseReason.DRAINED, System.nanoTime(), second))
				.isFalse();
			Awaitility.await()
				.until(() -> connection.ending()
					.endBetweenExchanges(CloseReason.DRAINED, System.nanoTime() + second, second));
			served.peer().endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.DRAINED);
			assertThat(connection.ending().endBetweenExchanges(CloseReason.DRAINED, System.nanoTime() + second, second))
				.isFalse();
		}
	}

	// Another thread of its loop, which it shares with other connections, does not let it
	// come to its read
	@Test
	void whenBytesWaitThenItCanNotBeDrained() throws Exception {
		CountDownLatch held = new CountDownLatch(1);
		AtomicBoolean goOn = new AtomicBoolean();
		ConnectionHandler handler = (connection) -> {
			Thread.startVirtualThread(() -> {
				held.countDown();
				while (!goOn.get()) {
					Thread.onSpinWait();
				}
			});
			echo(connection);
		};
		try (ServedConnection served = new ServedConnection(handler)) {
			try {
				assertThat(held.await(10, TimeUnit.SECONDS)).isTrue();
				served.peer().send((byte) 5);
				Awaitility.await().until(() -> served.connection().path().hasQueuedBytes());
				assertThat(served.connection().lifecycle().isReading()).isTrue();
				assertThat(served.connection()
					.ending()
					.endBetweenExchanges(CloseReason.DRAINED, System.nanoTime() + TimeUnit.HOURS.toNanos(1), 0))
					.isFalse();
			}
			finally {
				goOn.set(true);
			}
			assertThat(served.peer().receive(1)).containsExactly(5);
		}
	}

	@Test
	void whenCutThenItHasEndedNow() throws Exception {
		try (ServedConnection served = new ServedConnection((connection) -> {
			try {
				connection.read(ByteBuffer.allocate(1));
			}
			catch (IOException ex) {
				assertThat(((HandlerConnection) connection).failure()).isNotNull();
			}
		})) {
			Awaitility.await().until(() -> served.connection().lifecycle().isReading());
			served.connection().abort(CloseReason.WRITE_TIMEOUT);
			assertThat(served.connection().endedFor()).isLessThan(Duration.ofMinutes(1));
		}
	}

	@Test
	void whenThereIsNoMemoryToCloseItsSocketThenItsHandlerIsInterruptedAndTheNextRoundCloses() throws Exception {
		FailingThread thread = new FailingThread();
		try (ServerSocketChannel listener = ServerSocketChannel.open()) {
			listener.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
			try (SocketChannel client = SocketChannel.open(listener.getLocalAddress());
					SocketChannel accepted = listener.accept()) {
				assertThat(client.isConnected()).isTrue();
				Connection connection = new Connection(1, accepted, thread, null);
				connection.ending().interrupt().handlerBegins();
				assertThatExceptionOfType(OutOfMemoryError.class)
					.isThrownBy(() -> connection.abort(CloseReason.WRITE_TIMEOUT));
				assertThat(thread.interrupted).isTrue();
				long later = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
				assertThat(connection.ending().isLingerOver(later)).isTrue();
				connection.abort(CloseReason.IO_ERROR);
				assertThat(connection.ending().isLingerOver(later)).isFalse();
				assertThat(connection.closeReason()).isEqualTo(CloseReason.WRITE_TIMEOUT);
			}
		}
	}

	// Has memory from the second close on
	private static final class FailingThread implements ConnectionThread {

		private boolean closed;

		private boolean interrupted;

		@Override
		public void start(Runnable task) {
			throw new UnsupportedOperationException();
		}

		@Override
		public void interrupt() {
			this.interrupted = true;
		}

		@Override
		public boolean isOwnThread() {
			return false;
		}

		@Override
		public boolean beforeRead(boolean lastReadFilledItsBuffer) {
			return false;
		}

		@Override
		public void awaitReadable() {
			throw new UnsupportedOperationException();
		}

		@Override
		public void awaitWritable() {
			throw new UnsupportedOperationException();
		}

		@Override
		public void giveWay() {
			// Nobody else
		}

		@Override
		public void channelClosed() {
			if (!this.closed) {
				this.closed = true;
				throw new OutOfMemoryError("injected");
			}
		}

	}

	@Test
	void whenItHasEndedBeforeItsThreadRunsThenItsHandlerDoesNotBegin() throws Exception {
		AtomicBoolean begun = new AtomicBoolean();
		try (ServedConnection served = ServedConnection.endedAtOnce((connection) -> begun.set(true))) {
			served.peer().endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.CLOSED_BY_OPERATOR);
			assertThat(begun).isFalse();
		}
	}

	@Test
	void whenInsideAnExchangeThenItCanNotBeDrained() throws Exception {
		ConnectionHandler handler = (connection) -> {
			connection.read(ByteBuffer.allocate(1));
			connection.read(ByteBuffer.allocate(1));
		};
		try (ServedConnection served = new ServedConnection(handler)) {
			served.peer().send((byte) 1);
			Awaitility.await().until(() -> served.connection().bytesReceived() == 1);
			// Also when the thread has come out of its first read
			Awaitility.await()
				.during(Duration.ofMillis(100))
				.until(() -> served.connection()
					.ending()
					.endBetweenExchanges(CloseReason.DRAINED, System.nanoTime() + TimeUnit.HOURS.toNanos(1), 0),
						(ended) -> !ended);
			served.peer().send((byte) 2).endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.CLOSED_BY_HANDLER);
		}
	}

	@ParameterizedTest
	@EnumSource
	void whenEndedForAReasonThenThatIsToldAndKept(CloseReason reason) throws Exception {
		try (ServedConnection served = new ServedConnection(ConnectionTests::echo)) {
			assertThat(served.connection().end(reason)).isTrue();
			assertThat(served.connection().closeReason()).isEqualTo(reason);
			served.peer().endStream();
			assertThat(served.reason()).isEqualTo(reason);
			assertThat(reason.text()).isEqualTo(reason.name().toLowerCase(java.util.Locale.ROOT));
		}
	}

	@Test
	void whenNothingIsLeftToWriteThenWriteReturns() throws Exception {
		try (ServedConnection served = new ServedConnection((connection) -> {
			connection.write(ByteBuffer.allocate(0));
		})) {
			served.peer().endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.CLOSED_BY_HANDLER);
			assertThat(served.connection().bytesSent()).isZero();
		}
	}

	@Test
	void whenTheServerEndsItThenTheExceptionHasNoStackTrace() {
		assertThatExceptionOfType(ConnectionEndedException.class).isThrownBy(() -> {
			throw new ConnectionEndedException();
		}).satisfies((ex) -> assertThat(ex.getStackTrace()).isEmpty());
	}

	static void echo(ClientConnection connection) throws IOException {
		ByteBuffer buffer = ByteBuffer.allocateDirect(8192);
		while (connection.read(buffer.clear()) >= 0) {
			connection.write(buffer.flip());
		}
	}

	/**
	 * Writes zeros for ever, more than buffers hold.
	 */
	static void flood(ClientConnection connection) throws IOException {
		while (true) {
			connection.write(ByteBuffer.allocateDirect(64 * 1024));
		}
	}

	static void awaitBlockedWrite(Connection connection) {
		Awaitility.await().until(() -> connection.writeBlockedFor().toMillis() >= 300);
	}

	private static void fail(Throwable failure) {
		if (failure instanceof Error error) {
			throw error;
		}
		throw (RuntimeException) failure;
	}

	private static void await(CountDownLatch latch) throws IOException {
		try {
			assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
		}
		catch (InterruptedException ex) {
			throw new IOException(ex);
		}
	}

}

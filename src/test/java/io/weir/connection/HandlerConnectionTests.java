package io.weir.connection;

import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import io.weir.ServedConnection;
import io.weir.api.ClientConnection;
import io.weir.api.ConnectionHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what a handler of a user's sees: streams, exchanges, threads and ends.
 */
class HandlerConnectionTests {

	private static final byte[] DATA = "one\ntwo\n".getBytes(StandardCharsets.US_ASCII);

	@Test
	void whenAHandlerUsesStreamsThenTheBytesAreTheSame() throws Exception {
		ConnectionHandler lines = (connection) -> {
			try (BufferedReader reader = new BufferedReader(
					new InputStreamReader(connection.inputStream(), StandardCharsets.US_ASCII));
					OutputStream output = connection.outputStream()) {
				for (String line = reader.readLine(); line != null; line = reader.readLine()) {
					output.write((line + "!\n").getBytes(StandardCharsets.US_ASCII));
					output.write('.');
				}
			}
		};
		try (ServedConnection served = new ServedConnection(lines)) {
			served.peer().send(DATA).endStream();
			assertThat(served.peer().receiveToEnd()).asString(StandardCharsets.US_ASCII).isEqualTo("one!\n.two!\n.");
			assertThat(served.reason()).isEqualTo(CloseReason.END_OF_STREAM);
			assertThat(served.connection().bytesSent()).isEqualTo(12);
			Awaitility.await().until(served::releases, (count) -> count == 1);
		}
	}

	@Test
	void whenTheStreamEndsInsideAFrameThenItIsPartial() throws Exception {
		ConnectionHandler frames = (connection) -> {
			try (DataInputStream input = new DataInputStream(connection.inputStream())) {
				while (true) {
					input.readNBytes(input.readInt());
					connection.exchangeDone();
				}
			}
		};
		byte[] frame = { 0, 0, 0, 1, 7 };
		try (ServedConnection whole = new ServedConnection(frames);
				ServedConnection cut = new ServedConnection(frames);
				ServedConnection silent = new ServedConnection(frames)) {
			whole.peer().send(frame).endStream();
			assertThat(whole.reason()).isEqualTo(CloseReason.END_OF_STREAM);
			cut.peer().send(frame).send((byte) 0, (byte) 0).endStream();
			assertThat(cut.reason()).isEqualTo(CloseReason.PARTIAL_RECORD);
			silent.peer().endStream();
			assertThat(silent.reason()).isEqualTo(CloseReason.EMPTY);
		}
	}

	@Test
	void whenAnEofIsTheHandlersOwnAndThePeerIsThereThenReasonIsHandlerError() throws Exception {
		ConnectionHandler handler = (connection) -> {
			connection.read(ByteBuffer.allocate(1));
			throw new EOFException("of something else");
		};
		try (ServedConnection served = new ServedConnection(handler)) {
			served.peer().send((byte) 1);
			assertThat(served.peer().receiveToEnd()).isEmpty();
			served.peer().endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.HANDLER_ERROR);
		}
	}

	@Test
	void whenAHandlerReturnsThenThePeerGetsAllAndTheEnd() throws Exception {
		try (ServedConnection served = new ServedConnection((connection) -> connection.write(ByteBuffer.wrap(DATA)))) {
			assertThat(served.peer().receiveToEnd()).isEqualTo(DATA);
			served.peer().endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.CLOSED_BY_HANDLER);
		}
	}

	@Test
	void whenAHandlerClosesAStreamAndGoesOnThenReadsAndWritesFailAndTheSlotIsFreeWhenItReturns() throws Exception {
		CountDownLatch goOn = new CountDownLatch(1);
		CompletableFuture<List<String>> failures = new CompletableFuture<>();
		ConnectionHandler handler = (connection) -> {
			connection.read(ByteBuffer.allocate(1));
			connection.outputStream().close();
			connection.inputStream().close();
			failures.complete(List.of(failure(() -> connection.read(ByteBuffer.allocate(1))),
					failure(() -> connection.write(ByteBuffer.allocate(1)))));
			awaitQuietly(goOn);
		};
		try (ServedConnection served = new ServedConnection(handler)) {
			served.peer().send((byte) 1);
			assertThat(served.peer().receiveToEnd()).isEmpty();
			assertThat(failures.get(5, TimeUnit.SECONDS)).containsOnly("the connection has ended");
			assertThat(served.releases()).isZero();
			served.peer().endStream();
			goOn.countDown();
			assertThat(served.reason()).isEqualTo(CloseReason.CLOSED_BY_HANDLER);
			Awaitility.await().until(served::releases, (count) -> count == 1);
		}
	}

	@Test
	void whenOneThreadReadsAndAnotherWritesThenBothGoOn() throws Exception {
		ConnectionHandler handler = (connection) -> {
			Thread writer = Thread.ofPlatform().start(() -> writeQuietly(connection, new byte[3_000_000]));
			ByteBuffer buffer = ByteBuffer.allocate(1000);
			while (connection.read(buffer.clear()) >= 0) {
				// Only reads
			}
			join(writer);
		};
		try (ServedConnection served = new ServedConnection(handler)) {
			CompletableFuture<byte[]> received = CompletableFuture
				.supplyAsync(() -> supplyQuietly(() -> served.peer().receive(3_000_000)));
			for (int i = 0; i < 300; i++) {
				served.peer().send(new byte[10_000]);
			}
			assertThat(received.get(20, TimeUnit.SECONDS)).hasSize(3_000_000);
			served.peer().endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.END_OF_STREAM);
			assertThat(served.connection().bytesReceived()).isEqualTo(3_000_000);
			assertThat(served.connection().bytesSent()).isEqualTo(3_000_000);
		}
	}

	@Test
	void whenTheConnectionIsAbortedThenAHandlerThatDoesSomethingElseIsInterrupted() throws Exception {
		CountDownLatch inHandler = new CountDownLatch(1);
		CompletableFuture<Boolean> interruptedAfter = new CompletableFuture<>();
		ConnectionHandler handler = (connection) -> {
			connection.read(ByteBuffer.allocate(1));
			inHandler.countDown();
			// Leaves the interrupt as it is
			while (!Thread.currentThread().isInterrupted()) {
				Thread.onSpinWait();
			}
		};
		ConnectionRegistry registry = new ConnectionRegistry();
		registry.addListener((_, _) -> interruptedAfter.complete(Thread.currentThread().isInterrupted()));
		try (ServedConnection served = new ServedConnection(registry, handler)) {
			served.peer().send((byte) 1);
			assertThat(inHandler.await(5, TimeUnit.SECONDS)).isTrue();
			served.connection().abort(CloseReason.DRAIN_TIMEOUT);
			assertThat(served.reason()).isEqualTo(CloseReason.DRAIN_TIMEOUT);
			assertThat(interruptedAfter.get(5, TimeUnit.SECONDS)).isFalse();
		}
	}

	@Test
	void whenAskedWhoIsThereThenTheAddressesAreTheSockets() throws Exception {
		CompletableFuture<ClientConnection> seen = new CompletableFuture<>();
		try (ServedConnection served = new ServedConnection((connection) -> {
			seen.complete(connection);
			ConnectionTests.echo(connection);
		})) {
			ClientConnection connection = seen.get(5, TimeUnit.SECONDS);
			assertThat(connection.id()).isEqualTo(served.connection().id());
			assertThat(connection.peer().getPort()).isEqualTo(served.peer().port());
			assertThat(connection.local().getPort()).isNotEqualTo(served.peer().port());
			assertThat(connection.via()).isNull();
			assertThat(connection.tlsSubject()).isNull();
			assertThat(connection.read(ByteBuffer.allocate(0))).isZero();
		}
	}

	private static String failure(Action action) {
		try {
			action.run();
			return "none";
		}
		catch (IOException ex) {
			return String.valueOf(ex.getMessage());
		}
	}

	private static void writeQuietly(ClientConnection connection, byte[] bytes) {
		try {
			connection.write(ByteBuffer.wrap(bytes));
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static <T> T supplyQuietly(java.util.concurrent.Callable<T> supplier) {
		try {
			return supplier.call();
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static void join(Thread thread) {
		try {
			thread.join();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static void awaitQuietly(CountDownLatch latch) {
		try {
			assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@FunctionalInterface
	private interface Action {

		void run() throws IOException;

	}

}

package io.weir.transport;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.weir.scheduling.SocketWaiter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PlainTransport}.
 */
class PlainTransportTests {

	private final List<String> calls = new ArrayList<>();

	private final SocketWaiter waiter = new SocketWaiter() {

		@Override
		public boolean beforeRead(boolean lastReadFilledItsBuffer) {
			PlainTransportTests.this.calls.add(lastReadFilledItsBuffer ? "read" : "wait and read");
			return !lastReadFilledItsBuffer;
		}

		@Override
		public void awaitReadable() {
			PlainTransportTests.this.calls.add("wait");
		}

		@Override
		public void awaitWritable() {
			PlainTransportTests.this.calls.add("wait to write");
		}

		@Override
		public void giveWay() {
			PlainTransportTests.this.calls.add("give way");
		}

		@Override
		public void channelClosed() {
			PlainTransportTests.this.calls.add("closed");
		}

	};

	private static final SocketWaiter BLOCKING = new SocketWaiter() {

		@Override
		public boolean beforeRead(boolean lastReadFilledItsBuffer) {
			return false;
		}

		@Override
		public void awaitReadable() {
			throw new AssertionError("The read waits");
		}

		@Override
		public void awaitWritable() {
			throw new AssertionError("The write waits");
		}

		@Override
		public void giveWay() {
			// Nobody else
		}

		@Override
		public void channelClosed() {
			// The channel wakes the reader
		}

	};

	@Test
	void whenBytesCameWithTheConnectionThenTheFirstReadDoesNotWaitAndTheSecondDoes() throws IOException {
		withTransport((client, transport) -> {
			client.write(ByteBuffer.allocate(3));
			ByteBuffer target = ByteBuffer.allocate(8);
			assertThat(transport.read(target)).isEqualTo(3);
			client.write(ByteBuffer.allocate(5));
			assertThat(transport.read(target)).isEqualTo(5);
			client.write(ByteBuffer.allocate(1));
			// The one before left no room
			assertThat(transport.read(target.clear())).isEqualTo(1);
			transport.close();
		});
		assertThat(this.calls).containsExactly("read", "wait and read", "wait", "read", "closed");
	}

	@ParameterizedTest
	@CsvSource({ "1, 1000, 15", "131072, 20, 9" })
	void whenThePeerKeepsUpThenAWriterLetsOthersGoFirst(int size, int writes, int turns) throws IOException {
		withTransport((client, transport) -> {
			Thread.ofVirtual().start(() -> drain(client));
			for (int i = 0; i < writes; i++) {
				ByteBuffer bytes = ByteBuffer.allocate(size);
				while (bytes.hasRemaining()) {
					transport.write(bytes);
				}
			}
		});
		assertThat(this.calls.stream().filter("give way"::equals).count()).isGreaterThanOrEqualTo(turns);
	}

	@Test
	void whenAThreadReadsBetweenItsWritesThenItGivesWayInNoWrite() throws IOException {
		withTransport((client, transport) -> {
			ByteBuffer one = ByteBuffer.allocate(1);
			for (int i = 0; i < 1000; i++) {
				client.write(one.clear());
				transport.read(one.clear());
				transport.write(one.flip());
			}
		});
		assertThat(this.calls).contains("read").doesNotContain("give way");
	}

	private static void drain(SocketChannel client) {
		ByteBuffer sink = ByteBuffer.allocate(64 * 1024);
		try {
			while (client.read(sink.clear()) >= 0) {
				// All that comes
			}
		}
		catch (IOException ex) {
			// The test is over
		}
	}

	@Test
	void whenAChannelBlocksThenASilentClientHasNoBufferAndItsFirstBytesComeInOrder() throws Exception {
		AtomicInteger buffers = new AtomicInteger();
		BufferPool pool = new BufferPool((size) -> {
			buffers.incrementAndGet();
			return ByteBuffer.allocateDirect(size);
		}, 128 * 1024, 1024 * 1024);
		byte[] bytes = new byte[1000];
		new Random(7).nextBytes(bytes);
		try (ServerSocketChannel listener = ServerSocketChannel.open()) {
			listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
			try (SocketChannel client = SocketChannel.open(listener.getLocalAddress());
					SocketChannel channel = listener.accept();
					ReadBuffer target = new ReadBuffer(pool)) {
				PlainTransport transport = new PlainTransport(channel, BLOCKING);
				List<Integer> first = new CopyOnWriteArrayList<>();
				transport.watchFirstBytes((from, begin, end) -> {
					first.add((int) from.get(begin));
					return null;
				});
				FutureTask<Integer> reading = new FutureTask<>(() -> {
					int count = 0;
					while (count < bytes.length) {
						count += transport.read(target);
					}
					return count;
				});
				Thread reader = Thread.ofVirtual().start(reading);
				Awaitility.await().until(() -> reader.getState() == Thread.State.WAITING);
				assertThat(buffers).hasValue(0);
				client.write(ByteBuffer.wrap(bytes));
				assertThat(reading.get(5, TimeUnit.SECONDS)).isEqualTo(bytes.length);
				byte[] received = new byte[bytes.length];
				target.bytes().get(received);
				assertThat(received).isEqualTo(bytes);
				assertThat(first).containsExactly((int) bytes[0]);
				assertThat(transport.reads()).isEqualTo(1);
				client.shutdownOutput();
				assertThat(transport.read(target)).isEqualTo(-1);
			}
		}
	}

	@Test
	void whenAHeapBufferIsLargeThenNoMoreThanAPartIsCopiedAtOnceAndNothingIsLost() throws IOException {
		byte[] bytes = new byte[1_000_000];
		new Random(5).nextBytes(bytes);
		withTransport((client, transport) -> {
			ByteBuffer source = ByteBuffer.wrap(bytes);
			ByteBuffer received = ByteBuffer.allocate(bytes.length);
			while (received.hasRemaining()) {
				int written = source.hasRemaining() ? transport.write(source) : 0;
				assertThat(written).isLessThanOrEqualTo(128 * 1024);
				assertThat(source.limit()).isEqualTo(bytes.length);
				client.read(received);
			}
			assertThat(received.array()).isEqualTo(bytes);
			client.write(ByteBuffer.allocate(400_000));
			ByteBuffer target = ByteBuffer.allocate(1_000_000);
			assertThat(transport.read(target)).isBetween(1, 128 * 1024);
			assertThat(target.limit()).isEqualTo(1_000_000);
		});
	}

	@Test
	void whenAWatcherWantsMoreThenItIsToldOfEachReadUntilItHasSeenEnough() throws IOException {
		List<String> seen = new ArrayList<>();
		FirstBytes second = (bytes, begin, end) -> {
			seen.add("second " + text(bytes, begin, end));
			return null;
		};
		withTransport((client, transport) -> {
			transport.watchFirstBytes((bytes, begin, end) -> {
				seen.add("first " + text(bytes, begin, end));
				return second;
			});
			ByteBuffer target = ByteBuffer.allocate(8);
			for (String part : List.of("a", "bc", "d")) {
				client.write(ByteBuffer.wrap(part.getBytes(StandardCharsets.US_ASCII)));
				transport.read(target);
			}
		});
		assertThat(seen).containsExactly("first a", "second bc");
	}

	private static String text(ByteBuffer bytes, int begin, int end) {
		byte[] part = new byte[end - begin];
		bytes.get(begin, part);
		return new String(part, StandardCharsets.US_ASCII);
	}

	private void withTransport(Exchange exchange) throws IOException {
		try (ServerSocketChannel listener = ServerSocketChannel.open()) {
			listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
			try (SocketChannel client = SocketChannel.open(listener.getLocalAddress());
					SocketChannel channel = listener.accept()) {
				exchange.run(client, new PlainTransport(channel, this.waiter));
			}
		}
	}

	private interface Exchange {

		void run(SocketChannel client, PlainTransport transport) throws IOException;

	}

}

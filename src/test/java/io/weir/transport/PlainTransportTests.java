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

import org.junit.jupiter.api.Test;

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

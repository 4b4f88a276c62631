package io.weir.transport;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;

/**
 * Tests for {@link ProxyLayer} and {@link RemainderTransport}.
 */
class ProxyLayerTests {

	private static final byte[] HEADER = "PROXY TCP4 192.0.2.7 192.0.2.1 45001 443\r\n"
		.getBytes(StandardCharsets.US_ASCII);

	private static final byte[] LOCAL = HexFormat.of().parseHex("0d0a0d0a000d0a515549540a20000000");

	private final ProxyLayer layer = new ProxyLayer(BufferPool.direct());

	private final Told told = new Told();

	@Test
	void headerAndFirstBytesThatComeTogetherCostOneRead() throws IOException {
		Chunks lower = new Chunks(join(HEADER, "hello".getBytes(StandardCharsets.US_ASCII)), new byte[] { '!' });
		Transport upper = this.layer.wrap(lower, this.told);
		assertThat(this.told.text).isEqualTo("192.0.2.7:45001 and 5");
		assertThat(upper.available()).isEqualTo(5);
		ByteBuffer target = ByteBuffer.allocate(3);
		assertThat(upper.read(target)).isEqualTo(3);
		ReadBuffer rest = new ReadBuffer(BufferPool.heap());
		assertThat(upper.read(rest)).isEqualTo(2);
		assertThat(lower.reads).isEqualTo(1);
		assertThat(text(target.flip()) + text(rest.bytes())).isEqualTo("hello");
		assertThat(upper.read(target.clear())).isEqualTo(1);
		assertThat(upper.read(target.clear())).isEqualTo(-1);
		assertThat(lower.reads).isEqualTo(3);
		assertThat(upper.endsWithFinAlone()).isFalse();
	}

	@Test
	void whereverTheStreamIsCutNoByteIsLost() throws IOException {
		byte[] all = join(HEADER, "hello".getBytes(StandardCharsets.US_ASCII));
		for (int cut = 1; cut < all.length; cut++) {
			Chunks lower = new Chunks(Arrays.copyOf(all, cut), Arrays.copyOfRange(all, cut, all.length));
			Transport upper = this.layer.wrap(lower, this.told);
			assertThat(this.told.text).startsWith("192.0.2.7:45001");
			ByteBuffer target = ByteBuffer.allocate(10);
			int count = 0;
			while (count >= 0) {
				count = upper.read(target);
			}
			assertThat(text(target.flip())).as("cut at %d", cut).isEqualTo("hello");
		}
	}

	@Test
	void withoutMoreThanAHeaderTheTransportStaysTheSame() throws IOException {
		Chunks lower = new Chunks(LOCAL);
		assertThat(this.layer.wrap(lower, this.told)).isSameAs(lower);
		assertThat(this.told.text).isEqualTo("none and 0");
	}

	@Test
	void aHeaderLongerThanABufferIsRead() throws IOException {
		ByteBuffer header = ByteBuffer.allocate(4096).put(LOCAL).putShort(14, (short) 4080);
		byte[] all = join(header.array(), new byte[] { 'x' });
		Transport upper = this.layer.wrap(new Chunks(Arrays.copyOf(all, 1), Arrays.copyOfRange(all, 1, 2100),
				Arrays.copyOfRange(all, 2100, 4097)), this.told);
		ByteBuffer target = ByteBuffer.allocate(10);
		assertThat(upper.read(target)).isEqualTo(1);
		assertThat(target.get(0)).isEqualTo((byte) 'x');
	}

	@Test
	void theFirstBytesThatAreWatchedAreThoseAfterTheHeader() throws IOException {
		RemainderTransport upper = (RemainderTransport) this.layer
			.wrap(new Chunks(join(HEADER, "GET /".getBytes(StandardCharsets.US_ASCII))), this.told);
		StringBuilder seen = new StringBuilder();
		FirstBytes next = upper.watchFirstBytes((bytes, begin, end) -> {
			seen.append(text(bytes.duplicate().position(begin).limit(end)));
			return null;
		});
		assertThat(next).isNull();
		assertThat(seen).hasToString("GET /");
		assertThat(upper.held()).isEqualTo(5);
		assertThat(upper.read(ByteBuffer.allocate(3))).isEqualTo(3);
		assertThat(upper.held()).isEqualTo(2);
		assertThat(upper.read(ByteBuffer.allocate(10))).isEqualTo(2);
		assertThat(upper.held()).isZero();
	}

	@ParameterizedTest
	@ValueSource(ints = { 0, 1, 20 })
	void anEndBeforeTheHeaderIsAFailure(int count) {
		Chunks lower = (count > 0) ? new Chunks(Arrays.copyOf(HEADER, count)) : new Chunks();
		assertThatExceptionOfType(EOFException.class).isThrownBy(() -> this.layer.wrap(lower, this.told));
		assertThat(this.told.text).isEmpty();
	}

	@Test
	void whatIsNoHeaderIsAFailureThatQuotesNothing() {
		assertThatIOException()
			.isThrownBy(() -> this.layer.wrap(new Chunks("PROXY evil\u001b[2J\r\n".getBytes(StandardCharsets.UTF_8)),
					this.told))
			.withMessage("a line of another form than TCP4 or TCP6, two addresses and two ports, or UNKNOWN");
	}

	private static byte[] join(byte[] one, byte[] other) {
		return ByteBuffer.allocate(one.length + other.length).put(one).put(other).array();
	}

	private static String text(ByteBuffer bytes) {
		return StandardCharsets.ISO_8859_1.decode(bytes.duplicate()).toString();
	}

	private static final class Told implements LayeredConnection {

		private String text = "";

		@Override
		public void secured(SecureSession session) {
			throw new AssertionError(session);
		}

		@Override
		public void forwarded(@Nullable InetSocketAddress client, int rest) {
			this.text = ((client != null) ? SocketAddresses.text(client) : "none") + " and " + rest;
		}

	}

	/**
	 * Has what comes at once, read by read.
	 */
	private static final class Chunks implements Transport {

		private final Deque<byte[]> chunks;

		private int reads;

		private Chunks(byte[]... chunks) {
			this.chunks = new ArrayDeque<>(List.of(chunks));
		}

		@Override
		public int read(ByteBuffer target) {
			this.reads++;
			byte[] next = this.chunks.poll();
			if (next == null) {
				return -1;
			}
			int count = Math.min(next.length, target.remaining());
			target.put(next, 0, count);
			if (count < next.length) {
				this.chunks.push(Arrays.copyOfRange(next, count, next.length));
			}
			return count;
		}

		@Override
		public int write(ByteBuffer source) {
			throw new UnsupportedOperationException();
		}

		@Override
		public int available() {
			return 0;
		}

		@Override
		public void giveWay() {
			// Alone
		}

		@Override
		public void shutdownOutput() {
			throw new UnsupportedOperationException();
		}

		@Override
		public boolean isOpen() {
			return true;
		}

		@Override
		public void close() {
			// Nothing is open
		}

	}

}

package io.weir.kernel;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.NoSuchElementException;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/**
 * Reads {@code /proc/net/tcp} of {@code proc(5)} where {@code sock_diag} is not
 * available. It knows the queues and the timeouts in a row, of a listener the accept
 * queue's length, and nothing else; and every question reads all sockets of the network
 * namespace.
 */
final class ProcNetSocketDiagnostics extends LockedSocketDiagnostics {

	private final Path file;

	ProcNetSocketDiagnostics(Path procRoot, ListenerSelector listenerSelector) {
		super(listenerSelector);
		this.file = procRoot.resolve("net/tcp");
	}

	@Override
	public Source source() {
		return Source.PROCFS;
	}

	@Override
	void lookUp(SocketKey key, Consumer<? super SocketSample> visitor) throws IOException {
		walk(key.localPort(), TcpState.CONNECTED, (sample) -> {
			if (key.matches(sample)) {
				visitor.accept(sample);
			}
		});
	}

	@Override
	void walk(int localPort, int states, Consumer<? super SocketSample> visitor) throws IOException {
		try (BufferedReader reader = Files.newBufferedReader(this.file, StandardCharsets.ISO_8859_1)) {
			reader.readLine();
			Line line = new Line();
			String text = reader.readLine();
			while (text != null) {
				line.parse(text);
				if (line.localPort == localPort && (line.state.bit() & states) != 0) {
					visitor.accept(line);
				}
				text = reader.readLine();
			}
		}
	}

	@Override
	String reason(Exception failure) {
		return this.file + " cannot be read: "
				+ ((failure instanceof MalformedLineException) ? failure.getMessage() : failure);
	}

	@Override
	void release() {
		// Nothing is open between two questions
	}

	/**
	 * Says that a line is not as the kernel writes it.
	 */
	private static final class MalformedLineException extends IOException {

		private static final long serialVersionUID = 1L;

		private MalformedLineException(String line) {
			super("it has the line \"" + line.substring(0, Math.min(line.length(), 160)).replaceAll("[^ -~]", "?")
					+ '"');
		}

	}

	/**
	 * The socket of the line that was parsed last. The first number and the last three
	 * are decimal, the others hexadecimal; an address is the number that its four bytes
	 * make in the machine's byte order.
	 *
	 * <pre>
	 *   sl  local_address rem_address   st tx_queue rx_queue tr tm-&gt;when retrnsmt   uid  timeout inode
	 *    0: 0100007F:270F 00000000:0000 0A 00000000:00000002 00:00000000 00000000     0        0 1234 1 ...
	 * </pre>
	 */
	private static final class Line implements SocketSample {

		private String text = "";

		private int position;

		private int localAddress;

		private int localPort;

		private int remoteAddress;

		private int remotePort;

		private TcpState state = TcpState.CLOSE;

		private long sendQueue;

		private long receiveQueue;

		private long timeouts;

		private long inode;

		// By hand, as the file has a line for every socket of the namespace
		private void parse(String line) throws MalformedLineException {
			this.text = line;
			this.position = 0;
			next(10);
			this.localAddress = address();
			this.localPort = (int) next(16);
			this.remoteAddress = address();
			this.remotePort = (int) next(16);
			int number = (int) next(16);
			if (!TcpState.isKnown(number)) {
				throw new MalformedLineException(line);
			}
			this.state = TcpState.of(number);
			this.sendQueue = next(16);
			this.receiveQueue = next(16);
			next(16);
			next(16);
			this.timeouts = next(16);
			next(10);
			next(10);
			this.inode = next(10);
		}

		private int address() throws MalformedLineException {
			int address = (int) next(16);
			return (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN) ? Integer.reverseBytes(address) : address;
		}

		private long next(int radix) throws MalformedLineException {
			while (this.position < this.text.length() && isSeparator(this.text.charAt(this.position))) {
				this.position++;
			}
			int start = this.position;
			long number = 0;
			while (this.position < this.text.length() && !isSeparator(this.text.charAt(this.position))) {
				int digit = Character.digit(this.text.charAt(this.position), radix);
				if (digit < 0) {
					throw new MalformedLineException(this.text);
				}
				number = number * radix + digit;
				this.position++;
			}
			// Sixteen hexadecimal digits and more would not be a number of the kernel's
			if (this.position == start || this.position - start > 15) {
				throw new MalformedLineException(this.text);
			}
			return number;
		}

		private static boolean isSeparator(char character) {
			return character == ' ' || character == ':';
		}

		@Override
		public int localAddress() {
			return this.localAddress;
		}

		@Override
		public int localPort() {
			return this.localPort;
		}

		@Override
		public int remoteAddress() {
			return this.remoteAddress;
		}

		@Override
		public int remotePort() {
			return this.remotePort;
		}

		@Override
		public long cookie() {
			return 0;
		}

		@Override
		public long inode() {
			return this.inode;
		}

		@Override
		public TcpState state() {
			return this.state;
		}

		@Override
		public @Nullable String congestionControl() {
			return null;
		}

		@Override
		public boolean has(TcpInfoField figure) {
			return switch (figure) {
				case RECEIVE_QUEUE, CONSECUTIVE_TIMEOUTS -> true;
				// Of a listener it is always 0, and not the backlog
				case SEND_QUEUE -> this.state != TcpState.LISTEN;
				default -> false;
			};
		}

		@Override
		public long get(TcpInfoField figure) {
			return this.state.withoutFin(figure, switch (figure) {
				case RECEIVE_QUEUE -> this.receiveQueue;
				case SEND_QUEUE -> this.sendQueue;
				case CONSECUTIVE_TIMEOUTS -> this.timeouts;
				default -> throw new NoSuchElementException(figure.key());
			});
		}

	}

}

package io.weir.kernel;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;

import org.jspecify.annotations.Nullable;

/**
 * Reads {@code /proc/net/tcp} of {@code proc(5)} where {@code sock_diag} is not to be
 * had. It knows the queues and the timeouts in a row, of a listener the accept queue's
 * length, and nothing else; and every question reads all sockets of the network
 * namespace.
 */
final class ProcNetSocketDiagnostics implements SocketDiagnostics {

	private static final Set<TcpState> CONNECTED = EnumSet.of(TcpState.ESTABLISHED, TcpState.FIN_WAIT1,
			TcpState.FIN_WAIT2, TcpState.CLOSE_WAIT, TcpState.LAST_ACK, TcpState.CLOSING);

	private final Path file;

	private final OwnListener ownListener;

	private final String reason;

	private final ReentrantLock lock = new ReentrantLock();

	private volatile boolean closed;

	/**
	 * Creates diagnostics that read anew each time.
	 * @param procRoot where the {@code proc} file system is mounted
	 * @param ownListener chooses among several listeners on one address
	 * @param reason why this and not {@code sock_diag}
	 */
	ProcNetSocketDiagnostics(Path procRoot, OwnListener ownListener, String reason) {
		this.file = procRoot.resolve("net/tcp");
		this.ownListener = ownListener;
		this.reason = reason;
	}

	@Override
	public String source() {
		return "procfs";
	}

	@Override
	public String reason() {
		return this.reason;
	}

	@Override
	public Reading<ListenerDiagnostics> listener(InetSocketAddress local) {
		if (!(local.getAddress() instanceof Inet4Address address)) {
			return new Reading.Unavailable<>(local + " is not an IPv4 address");
		}
		int localAddress = SocketSample.toInt(address);
		return ask(() -> {
			List<OwnListener.Candidate> candidates = new ArrayList<>(1);
			read((line) -> {
				if (line.state == TcpState.LISTEN && line.localPort == local.getPort()
						&& line.localAddress == localAddress) {
					candidates.add(new OwnListener.Candidate(line.inode, new ListenerDiagnostics(line.receiveQueue,
							OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty())));
				}
			});
			return this.ownListener.choose(local, candidates);
		});
	}

	@Override
	public Reading<Integer> sample(int localAddress, int localPort, int remoteAddress, int remotePort,
			Consumer<? super SocketSample> visitor) {
		return sample((line) -> line.localPort == localPort && line.remotePort == remotePort
				&& line.localAddress == localAddress && line.remoteAddress == remoteAddress, visitor);
	}

	@Override
	public Reading<Integer> sample(int localPort, Consumer<? super SocketSample> visitor) {
		return sample((line) -> line.localPort == localPort, visitor);
	}

	private Reading<Integer> sample(Predicate<Line> asked, Consumer<? super SocketSample> visitor) {
		return ask(() -> {
			int[] count = new int[1];
			read((line) -> {
				if (CONNECTED.contains(line.state) && asked.test(line)) {
					count[0]++;
					visitor.accept(line);
				}
			});
			return new Reading.Available<>(count[0]);
		});
	}

	private void read(Consumer<Line> visitor) throws IOException {
		try (BufferedReader reader = Files.newBufferedReader(this.file, StandardCharsets.ISO_8859_1)) {
			reader.readLine();
			Line line = new Line();
			String text = reader.readLine();
			while (text != null) {
				line.parse(text);
				visitor.accept(line);
				text = reader.readLine();
			}
		}
	}

	private <T> Reading<T> ask(Question<T> question) {
		if (this.lock.isHeldByCurrentThread()) {
			throw new IllegalStateException("A visitor must not ask for more");
		}
		this.lock.lock();
		try {
			return this.closed ? new Reading.Unavailable<>("closed") : question.ask();
		}
		catch (MalformedLineException ex) {
			return new Reading.Unavailable<>(this.file + " cannot be read: it has the line \"" + ex.getMessage() + '"');
		}
		catch (IOException | SecurityException ex) {
			return new Reading.Unavailable<>(this.file + " cannot be read: " + ex);
		}
		finally {
			this.lock.unlock();
		}
	}

	@Override
	public void close() {
		this.closed = true;
	}

	/**
	 * What is asked while the lock is held.
	 *
	 * @param <T> the type of the answer
	 */
	@FunctionalInterface
	private interface Question<T> {

		Reading<T> ask() throws IOException;

	}

	/**
	 * Says that a line is not as the kernel writes it.
	 */
	private static final class MalformedLineException extends IOException {

		private static final long serialVersionUID = 1L;

		private MalformedLineException(String line) {
			super(line.substring(0, Math.min(line.length(), 160)).replaceAll("[^ -~]", "?"));
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
		public boolean has(SocketFigure figure) {
			return figure == SocketFigure.RECEIVE_QUEUE || figure == SocketFigure.SEND_QUEUE
					|| figure == SocketFigure.CONSECUTIVE_TIMEOUTS;
		}

		@Override
		public long get(SocketFigure figure) {
			return this.state.withoutFin(figure, switch (figure) {
				case RECEIVE_QUEUE -> this.receiveQueue;
				case SEND_QUEUE -> this.sendQueue;
				case CONSECUTIVE_TIMEOUTS -> this.timeouts;
				default -> throw new NoSuchElementException(figure.key());
			});
		}

	}

}

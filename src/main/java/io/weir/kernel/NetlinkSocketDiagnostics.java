package io.weir.kernel;

import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/**
 * Asks the kernel through {@code sock_diag(7)}, the interface of {@code ss}: one netlink
 * socket and one buffer, guarded by a lock. It needs no privilege. After any failure the
 * socket is closed, as a dump that is abandoned midway leaves it busy, and the next
 * question opens another.
 */
final class NetlinkSocketDiagnostics implements SocketDiagnostics {

	private static final int AF_NETLINK = 16;

	private static final int SOCK_RAW = 3;

	private static final int SOCK_CLOEXEC = 0x80000;

	private static final int NETLINK_SOCK_DIAG = 4;

	private static final int MSG_TRUNC = 0x20;

	// The kernel has the answer ready when send returns, and the rest of a dump when recv
	// does,
	// so a call that would wait has something wrong with it
	private static final int MSG_DONTWAIT = 0x40;

	private static final int ENOENT = 2;

	// The most that the kernel puts in one datagram of a dump
	private static final int BUFFER_SIZE = 32 * 1024;

	private static final int CONNECTED = TcpState.ESTABLISHED.bit() | TcpState.FIN_WAIT1.bit()
			| TcpState.FIN_WAIT2.bit() | TcpState.CLOSE_WAIT.bit() | TcpState.LAST_ACK.bit() | TcpState.CLOSING.bit();

	private static final int TCPMUX = 1;

	private final SystemCalls calls;

	private final OwnListener ownListener;

	private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_SIZE).order(ByteOrder.nativeOrder());

	private final InetDiagMessages messages = new InetDiagMessages(this.buffer);

	private final CookieSet cookies = new CookieSet();

	private final ReentrantLock lock = new ReentrantLock();

	private int socket = -1;

	private int sequence;

	private boolean closed;

	private NetlinkSocketDiagnostics(SystemCalls calls, OwnListener ownListener) {
		this.calls = calls;
		this.ownListener = ownListener;
	}

	/**
	 * Opens the socket and asks a first question, which proves that the kernel answers
	 * and takes the cost of first use (some 0.5 s of class loading) here.
	 * @param calls the system calls
	 * @param ownListener chooses among several listeners on one address
	 * @return diagnostics that work
	 * @throws NetlinkException if the kernel does not allow or does not have it
	 */
	static NetlinkSocketDiagnostics open(SystemCalls calls, OwnListener ownListener) throws NetlinkException {
		NetlinkSocketDiagnostics diagnostics = new NetlinkSocketDiagnostics(calls, ownListener);
		Reading<Integer> first = diagnostics.sample(TCPMUX, (sample) -> {
		});
		if (first instanceof Reading.Unavailable<Integer> unavailable) {
			diagnostics.close();
			throw new NetlinkException(unavailable.reason());
		}
		return diagnostics;
	}

	@Override
	public String source() {
		return "sock_diag";
	}

	@Override
	public @Nullable String reason() {
		return null;
	}

	@Override
	public Reading<ListenerDiagnostics> listener(InetSocketAddress local) {
		if (!(local.getAddress() instanceof Inet4Address address)) {
			return new Reading.Unavailable<>(local + " is not an IPv4 address");
		}
		int localAddress = SocketSample.toInt(address);
		// Not an exact look-up: of several listeners it returns any
		return ask(() -> {
			List<OwnListener.Candidate> candidates = new ArrayList<>(1);
			dump(local.getPort(), TcpState.LISTEN.bit(), (sample) -> {
				if (sample.localAddress() == localAddress) {
					candidates.add(new OwnListener.Candidate(sample.inode(), listener(sample)));
				}
			});
			return this.ownListener.choose(local, candidates);
		});
	}

	private static ListenerDiagnostics listener(SocketSample sample) {
		return new ListenerDiagnostics(sample.get(SocketFigure.RECEIVE_QUEUE),
				optional(sample, SocketFigure.SEND_QUEUE), optional(sample, SocketFigure.DROPS),
				optional(sample, SocketFigure.RECEIVE_BUFFER), optional(sample, SocketFigure.SEND_BUFFER));
	}

	private static OptionalLong optional(SocketSample sample, SocketFigure figure) {
		return sample.has(figure) ? OptionalLong.of(sample.get(figure)) : OptionalLong.empty();
	}

	@Override
	public Reading<Integer> sample(int localAddress, int localPort, int remoteAddress, int remotePort,
			Consumer<? super SocketSample> visitor) {
		return ask(() -> {
			boolean found = lookUp(localAddress, localPort, remoteAddress, remotePort);
			if (found) {
				visitor.accept(this.messages);
			}
			return new Reading.Available<>(found ? 1 : 0);
		});
	}

	private boolean lookUp(int localAddress, int localPort, int remoteAddress, int remotePort) throws NetlinkException {
		this.sequence++;
		InetDiagRequests.lookUp(this.buffer, this.sequence, localAddress, localPort, remoteAddress, remotePort);
		send();
		receive();
		try {
			if (this.messages.next() != InetDiagMessages.Kind.SOCKET) {
				throw new NetlinkException("the kernel's answer has no socket");
			}
		}
		catch (NetlinkException ex) {
			if (ex.errno() == ENOENT) {
				return false;
			}
			throw ex;
		}
		// Without the connection the kernel finds the listener, and remembers in
		// TIME_WAIT what is over
		boolean connected = (this.messages.state().bit() & CONNECTED) != 0;
		return connected && this.messages.remotePort() == remotePort && this.messages.remoteAddress() == remoteAddress;
	}

	@Override
	public Reading<Integer> sample(int localPort, Consumer<? super SocketSample> visitor) {
		return ask(() -> {
			this.cookies.clear();
			dump(localPort, CONNECTED, (sample) -> {
				// The kernel walks its table in steps, and a socket may move to where it
				// has not been
				if (this.cookies.add(sample.cookie())) {
					visitor.accept(sample);
				}
			});
			return new Reading.Available<>(this.cookies.size());
		});
	}

	private void dump(int localPort, int states, Consumer<SocketSample> visitor) throws NetlinkException {
		this.sequence++;
		InetDiagRequests.dump(this.buffer, this.sequence, localPort, states);
		send();
		InetDiagMessages.Kind kind;
		do {
			receive();
			kind = this.messages.next();
			while (kind == InetDiagMessages.Kind.SOCKET) {
				visitor.accept(this.messages);
				kind = this.messages.next();
			}
		}
		while (kind != InetDiagMessages.Kind.DONE);
	}

	private <T> Reading<T> ask(Question<T> question) {
		if (this.lock.isHeldByCurrentThread()) {
			throw new IllegalStateException("A visitor must not ask for more");
		}
		this.lock.lock();
		boolean answered = false;
		try {
			if (this.closed) {
				return new Reading.Unavailable<>("closed");
			}
			Reading<T> answer = question.ask();
			answered = true;
			return answer;
		}
		catch (NetlinkException ex) {
			return new Reading.Unavailable<>(reason(ex));
		}
		finally {
			if (!answered) {
				closeSocket();
			}
			this.lock.unlock();
		}
	}

	private void send() throws NetlinkException {
		if (this.socket < 0) {
			int result = this.calls.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
			if (result < 0) {
				throw new NetlinkException("no netlink socket", -result);
			}
			this.socket = result;
		}
		int sent = this.calls.send(this.socket, this.buffer, InetDiagRequests.LENGTH, MSG_DONTWAIT);
		if (sent < 0) {
			throw new NetlinkException("cannot send to the kernel", -sent);
		}
	}

	private void receive() throws NetlinkException {
		int length = this.calls.recv(this.socket, this.buffer, BUFFER_SIZE, MSG_TRUNC | MSG_DONTWAIT);
		if (length < 0) {
			throw new NetlinkException("cannot receive from the kernel", -length);
		}
		if (length == 0 || length > BUFFER_SIZE) {
			throw new NetlinkException("the kernel's answer has " + length + " bytes");
		}
		this.messages.reset(length, this.sequence);
	}

	private String reason(NetlinkException ex) {
		return (ex.errno() != 0) ? ex.getMessage() + ": " + this.calls.describe(ex.errno()) : ex.getMessage();
	}

	private void closeSocket() {
		if (this.socket >= 0) {
			this.calls.close(this.socket);
			this.socket = -1;
		}
	}

	@Override
	public void close() {
		this.lock.lock();
		try {
			this.closed = true;
			closeSocket();
		}
		finally {
			this.lock.unlock();
		}
	}

	/**
	 * What is asked while the lock is held.
	 *
	 * @param <T> the type of the answer
	 */
	@FunctionalInterface
	private interface Question<T> {

		Reading<T> ask() throws NetlinkException;

	}

}

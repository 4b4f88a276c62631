package io.weir.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Consumer;

/**
 * Asks the kernel through {@code sock_diag(7)}, the interface of {@code ss}: one netlink
 * socket and one buffer. It needs no privilege. After any failure the socket is closed,
 * as a dump that is abandoned midway leaves it busy, and the next question opens another.
 */
final class NetlinkSocketDiagnostics extends LockedSocketDiagnostics {

	private static final int AF_NETLINK = 16;

	private static final int SOCK_RAW = 3;

	private static final int SOCK_CLOEXEC = 0x80000;

	private static final int NETLINK_SOCK_DIAG = 4;

	private static final int MSG_TRUNC = 0x20;

	// The answer is ready when send returns, and the rest of a dump when recv does: a
	// call that would wait has something wrong with it
	private static final int MSG_DONTWAIT = 0x40;

	private static final int ENOENT = 2;

	// The most that the kernel puts in one datagram of a dump
	private static final int BUFFER_SIZE = 32 * 1024;

	private static final int TCPMUX = 1;

	private final SystemCalls calls;

	private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_SIZE).order(ByteOrder.nativeOrder());

	private final InetDiagMessages messages = new InetDiagMessages(this.buffer);

	// Those visited so far
	private final LongMap cookies = new LongMap();

	private int socket = -1;

	private int sequence;

	private NetlinkSocketDiagnostics(SystemCalls calls, ListenerSelector listenerSelector) {
		super(listenerSelector);
		this.calls = calls;
	}

	/**
	 * Opens the socket and asks a first question, which proves that the kernel answers
	 * and takes the cost of first use (some 0.5 s of class loading) here.
	 * @param calls the system calls
	 * @param listenerSelector chooses among several listeners on one address
	 * @throws NetlinkException if the kernel does not allow or does not have it
	 */
	static NetlinkSocketDiagnostics open(SystemCalls calls, ListenerSelector listenerSelector) throws NetlinkException {
		NetlinkSocketDiagnostics diagnostics = new NetlinkSocketDiagnostics(calls, listenerSelector);
		String failure = diagnostics.sample(TCPMUX, (sample) -> {
		});
		if (failure != null) {
			diagnostics.close();
			throw new NetlinkException(failure);
		}
		return diagnostics;
	}

	@Override
	public Source source() {
		return Source.SOCK_DIAG;
	}

	@Override
	void lookUp(SocketKey key, Consumer<? super SocketSample> visitor) throws NetlinkException {
		this.sequence++;
		InetDiagRequests.lookUp(this.buffer, this.sequence, key);
		send();
		receive();
		try {
			if (this.messages.next() != InetDiagMessages.Kind.SOCKET) {
				throw new NetlinkException("the kernel's answer has no socket");
			}
		}
		catch (NetlinkException ex) {
			if (ex.errno() == ENOENT) {
				return;
			}
			throw ex;
		}
		// Without the connection the kernel finds the listener, and remembers in
		// TIME_WAIT what is over
		if ((this.messages.state().bit() & TcpState.CONNECTED) != 0 && key.matches(this.messages)) {
			visitor.accept(this.messages);
		}
	}

	// For a listener too: an exact look-up returns any of several
	@Override
	void walk(int localPort, int states, Consumer<? super SocketSample> visitor) throws NetlinkException {
		this.cookies.clear();
		this.sequence++;
		InetDiagRequests.dump(this.buffer, this.sequence, localPort, states);
		send();
		InetDiagMessages.Kind kind;
		do {
			receive();
			kind = this.messages.next();
			while (kind == InetDiagMessages.Kind.SOCKET) {
				// The kernel walks its table in steps: a socket may move ahead of it
				if (this.cookies.put(this.messages.cookie(), 0)) {
					visitor.accept(this.messages);
				}
				kind = this.messages.next();
			}
		}
		while (kind != InetDiagMessages.Kind.DONE);
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

	@Override
	String reason(Exception failure) {
		return (failure instanceof NetlinkException netlink && netlink.errno() != 0)
				? netlink.getMessage() + ": " + this.calls.describe(netlink.errno())
				: String.valueOf(failure.getMessage());
	}

	@Override
	void release() {
		if (this.socket >= 0) {
			this.calls.close(this.socket);
			this.socket = -1;
		}
	}

}

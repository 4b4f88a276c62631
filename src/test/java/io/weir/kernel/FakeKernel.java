package io.weir.kernel;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * System calls that answer what a test has put in, and fail when it says so.
 */
final class FakeKernel implements SystemCalls {

	static final int EPERM = 1;

	static final int ENOENT = 2;

	static final int ENOBUFS = 105;

	final List<Integer> opened = new ArrayList<>();

	final List<Integer> closed = new ArrayList<>();

	final List<byte[]> requests = new ArrayList<>();

	int socketErrno;

	int sendErrno;

	int recvErrno;

	// What recv claims to have received, if not 0
	int recvLength;

	private final Deque<List<byte[]>> answers = new ArrayDeque<>();

	private final Map<Integer, Deque<byte[]>> queues = new HashMap<>();

	/**
	 * Adds the datagrams that answer one more request. Without, a request is answered
	 * with the end of an empty dump.
	 */
	void answer(byte[]... datagrams) {
		this.answers.add(List.of(datagrams));
	}

	@Override
	public int socket(int domain, int type, int protocol) {
		if (domain != 16 || type != (3 | 0x80000) || protocol != 4) {
			return -22;
		}
		if (this.socketErrno != 0) {
			return -this.socketErrno;
		}
		int socket = 100 + this.opened.size();
		this.opened.add(socket);
		this.queues.put(socket, new ArrayDeque<>());
		return socket;
	}

	@Override
	public int send(int socket, ByteBuffer buffer, int length, int flags) {
		if (this.sendErrno != 0) {
			return -this.sendErrno;
		}
		byte[] request = new byte[length];
		buffer.get(0, request);
		this.requests.add(request);
		Deque<byte[]> queue = queue(socket);
		if (!queue.isEmpty()) {
			// EBUSY: a dump was abandoned
			return -16;
		}
		int sequence = ByteBuffer.wrap(request).order(ByteOrder.nativeOrder()).getInt(8);
		List<byte[]> datagrams = this.answers.isEmpty() ? List.of(done()) : this.answers.remove();
		for (byte[] datagram : datagrams) {
			byte[] bytes = datagram.clone();
			ByteBuffer messages = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
			for (int i = 0; i + 16 <= bytes.length; i += messages.getInt(i)) {
				messages.putInt(i + 8, sequence);
			}
			queue.add(bytes);
		}
		return length;
	}

	@Override
	public int recv(int socket, ByteBuffer buffer, int length, int flags) {
		if (this.recvErrno != 0) {
			return -this.recvErrno;
		}
		byte[] datagram = queue(socket).poll();
		if (datagram == null) {
			// EAGAIN
			return -11;
		}
		buffer.put(0, datagram);
		return (this.recvLength != 0) ? this.recvLength : datagram.length;
	}

	@Override
	public void close(int socket) {
		this.closed.add(socket);
		this.queues.remove(socket);
	}

	@Override
	public String describe(int errno) {
		return switch (errno) {
			case EPERM -> "Operation not permitted";
			case ENOBUFS -> "No buffer space available";
			default -> "error " + errno;
		};
	}

	private Deque<byte[]> queue(int socket) {
		Deque<byte[]> queue = this.queues.get(socket);
		if (queue == null) {
			throw new IllegalArgumentException("Not open: " + socket);
		}
		return queue;
	}

	static byte[] done() {
		return message(3, 0);
	}

	static byte[] error(int errno) {
		return message(2, -errno);
	}

	private static byte[] message(int type, int result) {
		byte[] bytes = new byte[20];
		ByteBuffer.wrap(bytes)
			.order(ByteOrder.nativeOrder())
			.putInt(0, 20)
			.putShort(4, (short) type)
			.putInt(16, result);
		return bytes;
	}

	/**
	 * A socket on 127.0.0.1 whose receive queue holds its cookie.
	 */
	static byte[] socket(TcpState state, int localPort, int remotePort, int cookie, int inode) {
		byte[] bytes = new byte[88];
		ByteBuffer message = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
		message.putInt(0, 88).putShort(4, (short) 20);
		message.put(16, (byte) 2).put(17, (byte) Integer.numberOfTrailingZeros(state.bit()));
		message.put(20, (byte) (localPort >>> 8)).put(21, (byte) localPort);
		message.put(22, (byte) (remotePort >>> 8)).put(23, (byte) remotePort);
		message.put(24, new byte[] { 127, 0, 0, 1 });
		if (remotePort != 0) {
			message.put(40, new byte[] { 127, 0, 0, 1 });
		}
		message.putInt(60, cookie).putInt(72, cookie).putInt(84, inode);
		return bytes;
	}

	static byte[] concat(byte[]... messages) {
		ByteArrayOutputStream all = new ByteArrayOutputStream();
		for (byte[] message : messages) {
			all.writeBytes(message);
		}
		return all.toByteArray();
	}

}

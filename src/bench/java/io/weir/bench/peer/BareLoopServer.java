package io.weir.bench.peer;

import java.io.IOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import javax.net.ssl.SSLContext;

import org.jspecify.annotations.Nullable;

/**
 * What a server in Java costs at the least: one thread goes round its connections with
 * {@code recv(2)} and answers with {@code send(2)}, through java.lang.foreign. It counts
 * nothing, knows no timeouts, and never waits for a single connection, so it is no server
 * that anybody would run. For small messages of busy connections only, in TLS or not.
 */
final class BareLoopServer {

	private static final int AF_INET = 2;

	private static final int SOCK_STREAM = 1;

	private static final int SOL_SOCKET = 1;

	private static final int SO_REUSEADDR = 2;

	private static final int IPPROTO_TCP = 6;

	private static final int TCP_NODELAY = 1;

	private static final int MSG_DONTWAIT = 0x40;

	private static final int MSG_NOSIGNAL = 0x4000;

	private static final int EAGAIN = 11;

	private static final int RECEIVE_SIZE = 2048;

	// Rounds without a byte before it naps, and before it naps for long
	private static final int PATIENCE = 50;

	private static final int LONG_PATIENCE = 500;

	private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;

	private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

	private static final AddressLayout ADDRESS = ValueLayout.ADDRESS;

	private static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();

	private static final VarHandle ERRNO = CALL_STATE.varHandle(PathElement.groupElement("errno"));

	private static final MethodHandle SOCKET = function("socket", FunctionDescriptor.of(INT, INT, INT, INT));

	private static final MethodHandle SETSOCKOPT = function("setsockopt",
			FunctionDescriptor.of(INT, INT, INT, INT, ADDRESS, INT));

	private static final MethodHandle BIND = function("bind", FunctionDescriptor.of(INT, INT, ADDRESS, INT));

	private static final MethodHandle LISTEN = function("listen", FunctionDescriptor.of(INT, INT, INT));

	private static final MethodHandle ACCEPT = function("accept", FunctionDescriptor.of(INT, INT, ADDRESS, ADDRESS));

	private static final MethodHandle RECV = function("recv", FunctionDescriptor.of(LONG, INT, ADDRESS, LONG, INT));

	private static final MethodHandle SEND = function("send", FunctionDescriptor.of(LONG, INT, ADDRESS, LONG, INT));

	private static final MethodHandle CLOSE = function("close", FunctionDescriptor.of(INT, INT));

	private final Queue<Integer> accepted = new ConcurrentLinkedQueue<>();

	private final int listener;

	private final @Nullable SSLContext tls;

	private BareLoopServer(int listener, @Nullable SSLContext tls) {
		this.listener = listener;
		this.tls = tls;
	}

	static void start(int port, @Nullable SSLContext tls) throws IOException {
		try (Arena arena = Arena.ofConfined()) {
			MemorySegment state = arena.allocate(CALL_STATE);
			int listener = check("socket", (int) SOCKET.invokeExact(state, AF_INET, SOCK_STREAM, 0), state);
			MemorySegment one = arena.allocateFrom(INT, 1);
			check("setsockopt", (int) SETSOCKOPT.invokeExact(state, listener, SOL_SOCKET, SO_REUSEADDR, one, 4), state);
			// struct sockaddr_in
			MemorySegment address = arena.allocate(16);
			address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_INET);
			address.set(ValueLayout.JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN), 2, (short) port);
			address.set(INT.withOrder(ByteOrder.BIG_ENDIAN), 4, 0x7f000001);
			check("bind", (int) BIND.invokeExact(state, listener, address, 16), state);
			check("listen", (int) LISTEN.invokeExact(state, listener, Peer.BACKLOG), state);
			BareLoopServer server = new BareLoopServer(listener, tls);
			Thread.ofPlatform().name("accept").daemon().start(server::accept);
			Thread.ofPlatform().name("loop").daemon().start(server::loop);
		}
		catch (Throwable ex) {
			throw new IOException(ex);
		}
	}

	private void accept() {
		try (Arena arena = Arena.ofConfined()) {
			MemorySegment state = arena.allocate(CALL_STATE);
			MemorySegment one = arena.allocateFrom(INT, 1);
			while (true) {
				int socket = check("accept",
						(int) ACCEPT.invokeExact(state, this.listener, MemorySegment.NULL, MemorySegment.NULL), state);
				check("setsockopt", (int) SETSOCKOPT.invokeExact(state, socket, IPPROTO_TCP, TCP_NODELAY, one, 4),
						state);
				this.accepted.add(socket);
			}
		}
		catch (Throwable ex) {
			throw new IllegalStateException(ex);
		}
	}

	private void loop() {
		try (Arena arena = Arena.ofConfined()) {
			Buffers buffers = new Buffers(arena);
			List<Connection> connections = new ArrayList<>();
			int misses = 0;
			while (true) {
				Integer next = this.accepted.poll();
				while (next != null) {
					connections.add(connection(next));
					next = this.accepted.poll();
				}
				boolean found = false;
				for (Iterator<Connection> each = connections.iterator(); each.hasNext();) {
					int count = echo(each.next(), buffers);
					found |= count > 0;
					if (count < 0) {
						each.remove();
					}
				}
				misses = found ? 0 : misses + 1;
				if (misses > PATIENCE) {
					LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos((misses > LONG_PATIENCE) ? 20_000 : 20));
				}
			}
		}
		catch (Throwable ex) {
			throw new IllegalStateException(ex);
		}
	}

	private Connection connection(int socket) throws IOException {
		return new Connection(socket, (this.tls != null) ? new BareTls(this.tls.createSSLEngine()) : null);
	}

	// Returns how many bytes came; -1 at the end of the connection
	private static int echo(Connection connection, Buffers buffers) throws Throwable {
		int count = (int) (long) RECV.invokeExact(buffers.state, connection.socket, buffers.segment,
				(long) RECEIVE_SIZE, MSG_DONTWAIT);
		if (count < 0 && errno(buffers.state) == EAGAIN) {
			return 0;
		}
		if (count > 0 && send(connection.socket, answer(connection, count, buffers), buffers)) {
			return count;
		}
		check("close", (int) CLOSE.invokeExact(buffers.state, connection.socket), buffers.state);
		return -1;
	}

	// Returns how many bytes there are to send
	private static int answer(Connection connection, int count, Buffers buffers) throws IOException {
		BareTls tls = connection.tls;
		if (tls == null) {
			return count;
		}
		ByteBuffer answer = buffers.answer.clear();
		tls.answer(buffers.bytes.clear().limit(count), buffers.decrypted, answer);
		buffers.bytes.clear().put(answer.flip());
		return answer.limit();
	}

	private static boolean send(int socket, int count, Buffers buffers) throws Throwable {
		long sent = 0;
		while (sent < count) {
			long written = (long) SEND.invokeExact(buffers.state, socket, buffers.segment.asSlice(sent), count - sent,
					MSG_NOSIGNAL);
			if (written < 0) {
				return false;
			}
			sent += written;
		}
		return true;
	}

	private static int check(String call, int result, MemorySegment state) throws IOException {
		if (result < 0) {
			throw new IOException(call + " failed: error " + errno(state));
		}
		return result;
	}

	private static int errno(MemorySegment state) {
		return (int) ERRNO.get(state, 0L);
	}

	private static MethodHandle function(String name, FunctionDescriptor descriptor) {
		return Linker.nativeLinker()
			.downcallHandle(Linker.nativeLinker().defaultLookup().findOrThrow(name), descriptor,
					Linker.Option.captureCallState("errno"));
	}

	/**
	 * An accepted socket and what protects it, if anything.
	 */
	private record Connection(int socket, @Nullable BareTls tls) {
	}

	/**
	 * What all connections go through, one after the other. On the heap what the JDK's
	 * engine works on.
	 */
	private static final class Buffers {

		private final MemorySegment state;

		private final MemorySegment segment;

		private final ByteBuffer bytes;

		private final ByteBuffer decrypted = ByteBuffer.allocate(BareTls.BUFFER_SIZE);

		private final ByteBuffer answer = ByteBuffer.allocate(BareTls.BUFFER_SIZE);

		Buffers(Arena arena) {
			this.state = arena.allocate(CALL_STATE);
			this.segment = arena.allocate(BareTls.BUFFER_SIZE);
			this.bytes = this.segment.asByteBuffer();
		}

	}

}

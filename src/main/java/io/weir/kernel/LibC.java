package io.weir.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

/**
 * Calls the C library. This is the only class with native access; its first use costs
 * some 0.5 s of class loading. One thread at a time: the place for {@code errno} is
 * shared. A call holds the carrier of a virtual thread until it returns.
 */
final class LibC implements SystemCalls {

	private static final Linker LINKER = Linker.nativeLinker();

	private static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();

	private static final VarHandle ERRNO = CALL_STATE.varHandle(PathElement.groupElement("errno"));

	private static final MethodHandle SOCKET = function("socket",
			FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));

	private static final MethodHandle SEND = function("send",
			FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));

	private static final MethodHandle RECV = function("recv",
			FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));

	private static final MethodHandle GETSOCKOPT = function("getsockopt",
			FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));

	private static final MethodHandle SETSOCKOPT = function("setsockopt",
			FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));

	private static final MethodHandle CLOSE = function("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

	private static final MethodHandle STRERROR = LINKER.downcallHandle(
			LINKER.defaultLookup().find("strerror").orElseThrow(), FunctionDescriptor.of(ADDRESS, JAVA_INT));

	// What strerror returns has no length; glibc's and musl's longest is below this
	private static final long MAX_TEXT = 1024;

	private static final MethodHandle SETLOCALE = LINKER.downcallHandle(
			LINKER.defaultLookup().find("setlocale").orElseThrow(), FunctionDescriptor.of(ADDRESS, JAVA_INT, ADDRESS));

	// glibc's and musl's
	private static final int LC_MESSAGES = 5;

	private final MemorySegment callState = Arena.ofAuto().allocate(CALL_STATE);

	/**
	 * Has the process's messages in English from here on, setlocale(3): of a socket's
	 * failures the JDK hands on strerror's text and no {@code errno}.
	 */
	LibC() {
		try (Arena arena = Arena.ofConfined()) {
			MemorySegment ignored = (MemorySegment) SETLOCALE.invokeExact(LC_MESSAGES, arena.allocateFrom("C"));
		}
		catch (Throwable ex) {
			throw unexpected(ex);
		}
	}

	@Override
	public int socket(int domain, int type, int protocol) {
		try {
			return result((int) SOCKET.invokeExact(this.callState, domain, type, protocol));
		}
		catch (Throwable ex) {
			throw unexpected(ex);
		}
	}

	@Override
	public int send(int socket, ByteBuffer buffer, int length, int flags) {
		try {
			return result((long) SEND.invokeExact(this.callState, socket, segment(buffer), (long) length, flags));
		}
		catch (Throwable ex) {
			throw unexpected(ex);
		}
	}

	@Override
	public int recv(int socket, ByteBuffer buffer, int length, int flags) {
		try {
			return result((long) RECV.invokeExact(this.callState, socket, segment(buffer), (long) length, flags));
		}
		catch (Throwable ex) {
			throw unexpected(ex);
		}
	}

	/**
	 * Reads an option that is an int: {@code getsockopt(2)}.
	 * @return the option's value, or the negated {@code errno}
	 */
	int getsockopt(int socket, int level, int option) {
		try (Arena arena = Arena.ofConfined()) {
			MemorySegment value = arena.allocate(JAVA_INT);
			MemorySegment length = arena.allocateFrom(JAVA_INT, (int) JAVA_INT.byteSize());
			int result = result((int) GETSOCKOPT.invokeExact(this.callState, socket, level, option, value, length));
			return (result < 0) ? result : value.get(JAVA_INT, 0);
		}
		catch (Throwable ex) {
			throw unexpected(ex);
		}
	}

	/**
	 * Sets an option that is an int: {@code setsockopt(2)}.
	 * @return 0, or the negated {@code errno}
	 */
	int setsockopt(int socket, int level, int option, int value) {
		try (Arena arena = Arena.ofConfined()) {
			MemorySegment place = arena.allocateFrom(JAVA_INT, value);
			return result((int) SETSOCKOPT.invokeExact(this.callState, socket, level, option, place,
					(int) JAVA_INT.byteSize()));
		}
		catch (Throwable ex) {
			throw unexpected(ex);
		}
	}

	@Override
	public void close(int socket) {
		try {
			// Linux frees the descriptor whatever close returns
			int ignored = (int) CLOSE.invokeExact(this.callState, socket);
		}
		catch (Throwable ex) {
			throw unexpected(ex);
		}
	}

	@Override
	public String describe(int errno) {
		try {
			MemorySegment text = (MemorySegment) STRERROR.invokeExact(errno);
			return text.reinterpret(MAX_TEXT).getString(0);
		}
		catch (Throwable ex) {
			throw unexpected(ex);
		}
	}

	private int result(long returned) {
		return (returned >= 0) ? (int) returned : -(int) ERRNO.get(this.callState, 0L);
	}

	private static MemorySegment segment(ByteBuffer buffer) {
		return MemorySegment.ofBuffer(buffer.clear());
	}

	private static MethodHandle function(String name, FunctionDescriptor descriptor) {
		return LINKER.downcallHandle(LINKER.defaultLookup().find(name).orElseThrow(), descriptor,
				Linker.Option.captureCallState("errno"));
	}

	private static IllegalStateException unexpected(Throwable ex) {
		if (ex instanceof Error error) {
			throw error;
		}
		return new IllegalStateException("Native call failed", ex);
	}

}

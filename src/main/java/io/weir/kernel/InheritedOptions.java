package io.weir.kernel;

import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;

import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Socket options that the JDK sets on connected sockets alone. On Linux an accepted
 * socket inherits them from the listening one (a copy of its {@code struct sock}), which
 * saves each connection a system call for each option.
 *
 * @param noDelay whether to set TCP_NODELAY, tcp(7)
 * @param keepAlive whether to set SO_KEEPALIVE, socket(7)
 * @param sendBufferSize SO_SNDBUF in bytes, socket(7); null leaves it to the kernel
 */
public record InheritedOptions(boolean noDelay, boolean keepAlive, @Nullable Integer sendBufferSize) {

	private static final int SOL_SOCKET = 1;

	private static final int SO_SNDBUF = 7;

	private static final int SO_KEEPALIVE = 9;

	private static final int IPPROTO_TCP = 6;

	private static final int TCP_NODELAY = 1;

	private static final int TCP_KEEPIDLE = 4;

	private static final int TCP_KEEPINTVL = 5;

	// In seconds, the kernel's MAX_TCP_KEEPIDLE and MAX_TCP_KEEPINTVL
	private static final int MAX_KEEP_ALIVE = 32767;

	private static final Logger logger = LoggerFactory.getLogger(InheritedOptions.class);

	/**
	 * Sets the options on a listening socket.
	 * @param listener not bound yet, so that no connection can miss them
	 * @return whether accepted sockets have all of them; {@code false} where the JVM has
	 * no native access, and on other systems than Linux
	 * @throws IOException if the socket is closed
	 */
	public boolean applyTo(ServerSocketChannel listener) throws IOException {
		if (!System.getProperty("os.name", "").equals("Linux")
				|| !InheritedOptions.class.getModule().isNativeAccessEnabled()) {
			return false;
		}
		try {
			LibC library = new LibC();
			int descriptor = descriptor(listener, library);
			return descriptor >= 0 && set(library, descriptor);
		}
		// No linker for this platform, or a C library without the functions
		catch (RuntimeException | LinkageError ex) {
			logger.debug("Socket options are set for each connection: {}", ex.toString());
			return false;
		}
	}

	private boolean set(LibC library, int descriptor) {
		boolean done = !this.noDelay || library.setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, 1) == 0;
		done &= !this.keepAlive || library.setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1) == 0;
		Integer size = this.sendBufferSize;
		done &= size == null || library.setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, size) == 0;
		return done;
	}

	// The JDK does not tell a channel's descriptor. Two options with values of its own
	// give the socket away
	private static int descriptor(ServerSocketChannel listener, LibC library) throws IOException {
		int idle = listener.getOption(ExtendedSocketOptions.TCP_KEEPIDLE);
		int interval = listener.getOption(ExtendedSocketOptions.TCP_KEEPINTERVAL);
		int idleMark = ThreadLocalRandom.current().nextInt(1, MAX_KEEP_ALIVE);
		int intervalMark = ThreadLocalRandom.current().nextInt(1, MAX_KEEP_ALIVE);
		try {
			listener.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, idleMark);
			listener.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, intervalMark);
			return descriptors().stream()
				.filter((each) -> library.getsockopt(each, IPPROTO_TCP, TCP_KEEPIDLE) == idleMark
						&& library.getsockopt(each, IPPROTO_TCP, TCP_KEEPINTVL) == intervalMark)
				.findFirst()
				.orElse(-1);
		}
		finally {
			listener.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, idle);
			listener.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, interval);
		}
	}

	private static List<Integer> descriptors() {
		try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
			return files.map((file) -> Integer.valueOf(file.getFileName().toString())).toList();
		}
		catch (IOException ex) {
			logger.debug("Socket options are set for each connection: {}", ex.toString());
			return List.of();
		}
	}

}

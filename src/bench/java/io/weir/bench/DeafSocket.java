package io.weir.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Makes a socket deaf: the kernel throws away whatever comes for it from now on, by a
 * filter that lets nothing pass (socket(7), SO_ATTACH_FILTER). Not even an
 * acknowledgement goes back, so while it sends nothing it is, for its peer, a host that
 * has vanished.
 */
final class DeafSocket {

	// asm-generic/socket.h
	private static final int SOL_SOCKET = 1;

	private static final int SO_ATTACH_FILTER = 26;

	// linux/bpf_common.h: BPF_RET | BPF_K, of 0 bytes
	private static final long RETURN_NOTHING = 6;

	private static final MethodHandle SETSOCKOPT = Linker.nativeLinker()
		.downcallHandle(Linker.nativeLinker().defaultLookup().find("setsockopt").orElseThrow(),
				FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT,
						ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));

	private final int descriptor;

	private final MemorySegment program;

	/**
	 * Prepares for it, which at first takes a while.
	 * @param socket connected
	 * @throws IOException if {@code /proc} does not show it
	 */
	DeafSocket(Socket socket) throws IOException {
		this.descriptor = descriptor(socket);
		Arena arena = Arena.ofAuto();
		// struct sock_fprog: how many instructions, and where
		this.program = arena.allocate(16, 8);
		this.program.set(ValueLayout.JAVA_SHORT, 0, (short) 1);
		this.program.set(ValueLayout.ADDRESS, 8, arena.allocateFrom(ValueLayout.JAVA_LONG, RETURN_NOTHING));
	}

	/**
	 * Makes the socket deaf, for ever.
	 * @throws IOException if that fails
	 */
	void deafen() throws IOException {
		int result;
		try {
			result = (int) SETSOCKOPT.invokeExact(this.descriptor, SOL_SOCKET, SO_ATTACH_FILTER, this.program, 16);
		}
		catch (RuntimeException | Error ex) {
			throw ex;
		}
		catch (Throwable ex) {
			// A handle declares it; a C function throws nothing
			throw new IllegalStateException(ex);
		}
		if (result != 0) {
			throw new IOException("setsockopt(SO_ATTACH_FILTER) failed");
		}
	}

	// Java doesn't tell it, but the kernel says which inode a connection has and which
	// files are open
	private static int descriptor(Socket socket) throws IOException {
		Path link = Path.of("socket:[" + inode(socket) + "]");
		try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
			return files.filter((file) -> link.equals(target(file)))
				.mapToInt((file) -> Integer.parseInt(file.getFileName().toString()))
				.findFirst()
				.orElseThrow(() -> new IOException("No file is " + link));
		}
	}

	private static Path target(Path file) {
		try {
			return Files.readSymbolicLink(file);
		}
		catch (NoSuchFileException ex) {
			// Closed meanwhile
			return file;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	// proc_pid_net(5): slot, local address, remote address, ..., the tenth is the inode
	private static String inode(Socket socket) throws IOException {
		String local = ":%04X".formatted(socket.getLocalPort());
		String remote = ":%04X".formatted(socket.getPort());
		// Java's sockets are of IPv6 where there is any
		for (String file : List.of("tcp", "tcp6")) {
			for (String line : Files.readAllLines(Path.of("/proc/self/net", file))) {
				List<String> columns = List.of(line.strip().split(" +", -1));
				if (columns.get(1).endsWith(local) && columns.get(2).endsWith(remote)) {
					return columns.get(9);
				}
			}
		}
		throw new IOException("/proc/self/net does not show " + socket);
	}

}

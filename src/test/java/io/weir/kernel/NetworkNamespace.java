package io.weir.kernel;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

import io.weir.Command;

import static org.junit.jupiter.api.Assumptions.abort;

/**
 * A network of its own for a test, as long as it is open: a thread that has left the
 * machine's network namespace. What it runs, its child processes included, has sockets
 * there. It ends with its thread, whatever becomes of the test.
 */
public final class NetworkNamespace implements AutoCloseable {

	private static final int CLONE_NEWNET = 0x40000000;

	private final ExecutorService thread = Executors
		.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("network-namespace").factory());

	/**
	 * Leaves the machine's network; skips the test where that is not allowed, or there is
	 * no {@code ip} command.
	 */
	public NetworkNamespace() throws InterruptedException {
		try {
			call(() -> {
				unshare();
				return Command.output("ip", "link", "set", "lo", "up");
			});
		}
		catch (ExecutionException ex) {
			close();
			abort("no network namespace can be made: " + ex.getCause());
		}
	}

	private static void unshare() {
		Linker linker = Linker.nativeLinker();
		try {
			int result = (int) linker
				.downcallHandle(linker.defaultLookup().find("unshare").orElseThrow(),
						FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT))
				.invokeExact(CLONE_NEWNET);
			if (result != 0) {
				throw new IllegalStateException("unshare(CLONE_NEWNET) is not allowed");
			}
		}
		catch (Throwable ex) {
			throw new IllegalStateException(ex);
		}
	}

	public <T> T call(Callable<T> task) throws ExecutionException, InterruptedException {
		return this.thread.submit(task).get();
	}

	public void run(String command) throws ExecutionException, InterruptedException {
		call(() -> Command.output(command.split(" ", -1)));
	}

	/**
	 * Connects two by a pair of interfaces: {@code weir0} with the address 10.99.99.1
	 * here, and {@code weir1} with 10.99.99.2 there; skips the test where that is not
	 * allowed.
	 */
	public void connect(NetworkNamespace there) throws InterruptedException {
		try {
			run("ip link add weir0 type veth peer name weir1 netns " + there.file());
			run("ip address add 10.99.99.1/24 dev weir0");
			run("ip link set weir0 up");
			there.run("ip address add 10.99.99.2/24 dev weir1");
			there.run("ip link set weir1 up");
		}
		catch (ExecutionException ex) {
			abort("network namespaces cannot be connected: " + ex.getCause());
		}
	}

	/**
	 * What the kernel has counted in it.
	 * @param event a name among those of {@code TcpExt} in {@code /proc/net/netstat}
	 */
	public long count(String event) throws ExecutionException, InterruptedException {
		List<String> lines = call(() -> Files.readAllLines(Path.of("/proc/thread-self/net/netstat")));
		int place = List.of(lines.get(0).split(" ", -1)).indexOf(event);
		return Long.parseLong(lines.get(1).split(" ", -1)[place]);
	}

	/**
	 * The file by which {@code ip} knows the namespace.
	 */
	public Path file() throws ExecutionException, InterruptedException {
		return call(
				() -> Path.of("/proc").resolve(Files.readSymbolicLink(Path.of("/proc/thread-self"))).resolve("ns/net"));
	}

	@Override
	public void close() {
		this.thread.shutdown();
		try {
			this.thread.awaitTermination(5, TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}

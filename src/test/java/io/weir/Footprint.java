package io.weir;

import java.nio.channels.SocketChannel;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

import org.awaitility.Awaitility;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What this process holds.
 *
 * @param heap bytes in use after a garbage collection
 * @param direct bytes of direct buffers
 * @param threads platform threads
 * @param files open file descriptors; 0 where there is no {@code /proc}
 */
public record Footprint(long heap, long direct, int threads, int files) {

	private static final long MEBIBYTE = 1024 * 1024;

	public static Footprint now() throws IOException {
		// Twice: direct buffers are freed after the collection that found them
		System.gc();
		System.gc();
		long direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)
			.stream()
			.filter((pool) -> pool.getName().equals("direct"))
			.mapToLong(BufferPoolMXBean::getMemoryUsed)
			.sum();
		return new Footprint(ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(), direct,
				ManagementFactory.getThreadMXBean().getThreadCount(), openFiles());
	}

	/**
	 * Counts this process's open file descriptors; 0 where there is no {@code /proc}.
	 */
	public static int openFiles() throws IOException {
		return openFiles("self");
	}

	/**
	 * Counts another process's open file descriptors.
	 */
	public static int openFiles(long pid) throws IOException {
		return openFiles(Long.toString(pid));
	}

	private static int openFiles(String process) throws IOException {
		Path files = Path.of("/proc", process, "fd");
		if (!Files.isDirectory(files)) {
			return 0;
		}
		try (var entries = Files.list(files)) {
			return (int) entries.count();
		}
	}

	/**
	 * Waits until nothing has grown, but for what the JDK and the tests keep themselves.
	 */
	public static void awaitNoMoreThan(Footprint before) {
		Awaitility.await().atMost(Duration.ofSeconds(15)).pollInterval(Duration.ofMillis(500)).untilAsserted(() -> {
			Footprint now = now();
			assertThat(now.heap).as("heap").isLessThan(before.heap + 2L * MEBIBYTE);
			// Pools keep as many buffers as were in use at once: 64 large ones at the
			// most
			assertThat(now.direct).as("direct memory").isLessThan(before.direct + 10 * MEBIBYTE);
			assertThat(now.threads).as("threads").isLessThanOrEqualTo(before.threads + 4);
			assertThat(now.files).as("files").isLessThanOrEqualTo(before.files + 4);
		});
	}

	/**
	 * Bytes that wait in the kernel for a socket's process (FIONREAD).
	 */
	public static int queuedBytes(SocketChannel channel) throws IOException {
		return channel.socket().getInputStream().available();
	}

}

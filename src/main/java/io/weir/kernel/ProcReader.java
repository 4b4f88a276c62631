package io.weir.kernel;

import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalLong;

import org.jspecify.annotations.Nullable;

/**
 * The kernel's limits and event counters from {@code proc(5)}, read at most once a second
 * however many ask. Never throws: what cannot be read comes with its reason. Safe for any
 * thread.
 */
public final class ProcReader {

	private static final long FRESH_NANOS = Duration.ofSeconds(1).toNanos();

	private record Snapshot(KernelLimits limits, KernelEvents events, long readAt) {
	}

	private final ProcFiles files;

	private @Nullable Snapshot snapshot;

	/**
	 * Creates a reader of the {@code proc} file system of this machine.
	 */
	public ProcReader() {
		this(Path.of("/proc"));
	}

	/**
	 * Creates a reader of a {@code proc} file system that is mounted elsewhere.
	 * @param root where it is mounted
	 */
	public ProcReader(Path root) {
		this.files = new ProcFiles(root);
	}

	/**
	 * All limits: {@code /proc/sys/net} and the process's own {@code /proc/self/limits}.
	 * @return not older than a second
	 */
	public KernelLimits limits() {
		return snapshot().limits;
	}

	/**
	 * All limits, without the cache: what a start depends on must not be a second old.
	 */
	public KernelLimits readLimits() {
		return ProcLimits.read(this.files);
	}

	/**
	 * The event counters: {@code /proc/net/netstat} and {@code /proc/net/snmp}.
	 * @return not older than a second
	 */
	public KernelEvents events() {
		return snapshot().events;
	}

	/**
	 * How often an accept queue was full, all listeners of the network namespace
	 * together, without the cache: to be compared with what a listener says at the same
	 * moment.
	 * @return the counter {@code ListenOverflows} now; empty where it can't be read
	 */
	public OptionalLong readListenOverflows() {
		Long overflows = ProcEvents.readTcpExt(this.files).get("ListenOverflows");
		return (overflows != null) ? OptionalLong.of(overflows) : OptionalLong.empty();
	}

	private synchronized Snapshot snapshot() {
		Snapshot last = this.snapshot;
		if (last == null || System.nanoTime() - last.readAt >= FRESH_NANOS) {
			last = new Snapshot(ProcLimits.read(this.files), ProcEvents.read(this.files), System.nanoTime());
			this.snapshot = last;
		}
		return last;
	}

}

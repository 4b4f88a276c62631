package io.weir.scheduling;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Map;
import java.util.WeakHashMap;

import com.sun.management.OperatingSystemMXBean;

/**
 * The load by the JVM's figures of CPU time.
 */
final class CpuLoad implements LoopLoad {

	private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();

	private final OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

	private final int processors = Runtime.getRuntime().availableProcessors();

	private final Map<EventLoop, Sample> samples = new WeakHashMap<>();

	private record Sample(long time, long cpuNanos) {
	}

	@Override
	public double busy(EventLoop loop) {
		// -1 if the thread has ended or the JVM does not tell
		Sample now = new Sample(System.nanoTime(), this.threads.getThreadCpuTime(loop.thread().threadId()));
		Sample last = this.samples.put(loop, now);
		if (last == null || last.cpuNanos < 0 || now.cpuNanos < 0 || now.time <= last.time) {
			return 0;
		}
		return Math.min(1, (double) (now.cpuNanos - last.cpuNanos) / (now.time - last.time));
	}

	@Override
	public double spareProcessors() {
		double load = this.system.getCpuLoad();
		return (load < 0) ? 0 : (1 - load) * this.processors;
	}

}

package io.weir.scheduling;

import java.util.concurrent.atomic.AtomicBoolean;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The schedulers there are. None of them is started.
 */
public final class Schedulers {

	private static final Logger logger = LoggerFactory.getLogger(Schedulers.class);

	private static final AtomicBoolean FALL_BACK_LOGGED = new AtomicBoolean();

	private Schedulers() {
	}

	/**
	 * Event loops, or the JDK's virtual threads where the JVM does not let a program
	 * choose the scheduler of a virtual thread. The latter is logged once per process, at
	 * INFO.
	 */
	public static ConnectionScheduler auto() {
		return auto(SchedulableThreads.find(), FALL_BACK_LOGGED);
	}

	static ConnectionScheduler auto(SchedulableThreads threads, AtomicBoolean logged) {
		String reason = threads.whyNot();
		if (reason == null) {
			return new EventLoopScheduler(threads);
		}
		if (!logged.getAndSet(true)) {
			logger.info("Connections run on the JDK's virtual threads, not on event loops: {}. "
					+ "Event loops need the JVM option {}", reason, SchedulableThreads.JVM_OPTION);
		}
		return virtual();
	}

	/**
	 * The JDK's virtual threads and their scheduler.
	 */
	public static ConnectionScheduler virtual() {
		return new BlockingScheduler(VirtualConnectionThread::new);
	}

	/**
	 * A daemon platform thread per connection.
	 */
	public static ConnectionScheduler platform() {
		return new BlockingScheduler(PlatformConnectionThread::new);
	}

}

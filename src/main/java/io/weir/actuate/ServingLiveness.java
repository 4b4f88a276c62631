package io.weir.actuate;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.LivenessState;
import org.springframework.context.ApplicationEventPublisher;

import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.connection.ConnectionListener;
import io.weir.monitor.Newcomers;

/**
 * Declares the application broken when newcomers can't be served although the cause is
 * gone, so that the platform restarts it. A lack of descriptors, in accept(2) or
 * elsewhere, is no such thing as long as it lasts, nor is a server that is full.
 */
public class ServingLiveness implements ConnectionListener, Runnable {

	/**
	 * For how long failures may outlast their cause.
	 */
	static final Duration PATIENCE = Duration.ofSeconds(10);

	/**
	 * So many linkage errors in a row, and nobody served meanwhile, are no chance: what
	 * could not be linked once never can be.
	 */
	static final int MAX_LINKAGE_ERRORS = 3;

	private static final Logger logger = LoggerFactory.getLogger(ServingLiveness.class);

	private final ApplicationEventPublisher events;

	private final Newcomers newcomers;

	private final BooleanSupplier canOpenSocket;

	private final LongSupplier nanoTime;

	// Guarded by this, as are those below
	private int linkageErrors;

	private @Nullable Long failingSince;

	private long lastFailures;

	private long failedAt;

	private boolean broken;

	/**
	 * Creates a guard, to be run about once a second.
	 * @param events is told when liveness is broken
	 * @param newcomers tells who waits and who was refused
	 */
	public ServingLiveness(ApplicationEventPublisher events, Newcomers newcomers) {
		this(events, newcomers, ServingLiveness::canOpenSocket, System::nanoTime);
	}

	ServingLiveness(ApplicationEventPublisher events, Newcomers newcomers, BooleanSupplier canOpenSocket,
			LongSupplier nanoTime) {
		this.events = events;
		this.newcomers = newcomers;
		this.canOpenSocket = canOpenSocket;
		this.nanoTime = nanoTime;
	}

	// Its thread has begun and it is prepared: that is what newcomers fail at
	@Override
	public synchronized void opened(Connection connection) {
		this.failingSince = null;
	}

	@Override
	public synchronized void closed(Connection connection, CloseReason reason) {
		if (!(connection.failure() instanceof LinkageError error)) {
			this.linkageErrors = 0;
		}
		else if (++this.linkageErrors == MAX_LINKAGE_ERRORS) {
			breakLiveness("a class could not be linked, and nobody was served since: " + error);
		}
	}

	/**
	 * Looks whether newcomers fail now.
	 */
	@Override
	public synchronized void run() {
		long failures = this.newcomers.failures();
		boolean failing = failures > this.lastFailures || this.newcomers.isWaitingForThread(PATIENCE);
		this.lastFailures = failures;
		long now = this.nanoTime.getAsLong();
		boolean over = now - this.failedAt > PATIENCE.toNanos();
		// While the cause is there, time does not begin
		if (over || !this.canOpenSocket.getAsBoolean()) {
			this.failingSince = null;
		}
		if (failing) {
			this.failedAt = now;
			long since = (this.failingSince != null) ? this.failingSince : now;
			this.failingSince = since;
			if (now - since >= PATIENCE.toNanos()) {
				breakLiveness("no newcomer was served for " + PATIENCE.toSeconds()
						+ " s, although sockets can be opened again");
			}
		}
	}

	private void breakLiveness(String reason) {
		if (!this.broken) {
			this.broken = true;
			logger.error("Newcomers can't be served: {}. Liveness is broken, so that the process is restarted", reason);
			AvailabilityChangeEvent.publish(this.events, this, LivenessState.BROKEN);
		}
	}

	private static boolean canOpenSocket() {
		try (SocketChannel channel = SocketChannel.open()) {
			return channel.isOpen();
		}
		catch (IOException ex) {
			return false;
		}
	}

}

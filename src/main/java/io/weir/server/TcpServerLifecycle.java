package io.weir.server;

import org.springframework.context.ApplicationEvent;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.SmartLifecycle;

/**
 * Starts and stops the TCP server with the application. In the default phase it starts
 * after Boot's web server and stops before it, so that {@code /actuator} answers while
 * connections drain.
 */
public class TcpServerLifecycle implements SmartLifecycle {

	private final TcpServer server;

	private final ApplicationEventPublisher events;

	private volatile boolean running;

	public TcpServerLifecycle(TcpServer server, ApplicationEventPublisher events) {
		this.server = server;
		this.events = events;
	}

	@Override
	public void start() {
		this.server.start();
		this.running = true;
		this.events.publishEvent(new TcpServerStartedEvent(this.server));
	}

	/**
	 * Waits for the whole drain. As it blocks its caller, it is not cut short by
	 * {@code spring.lifecycle.timeout-per-shutdown-phase}.
	 */
	@Override
	public void stop() {
		this.server.stop();
		this.running = false;
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	// A paused context (of a test) keeps its connections
	@Override
	public boolean isPauseable() {
		return false;
	}

	/**
	 * The server listens.
	 */
	public static class TcpServerStartedEvent extends ApplicationEvent {

		private static final long serialVersionUID = 1L;

		TcpServerStartedEvent(TcpServer server) {
			super(server);
		}

	}

}

package io.weir.scheduling;

import java.io.IOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What tests of connections on event loops share: a scheduler, and servers on it.
 */
@Timeout(60)
abstract class EventLoopTest {

	final EventLoopScheduler scheduler = new EventLoopScheduler(SchedulableThreads.find());

	final List<AutoCloseable> open = new ArrayList<>();

	@BeforeEach
	void start() {
		assertThat(SchedulableThreads.find().whyNot()).isNull();
		this.scheduler.start();
	}

	@AfterEach
	void stop() throws Exception {
		for (AutoCloseable each : this.open) {
			each.close();
		}
		this.scheduler.stop();
	}

	EchoServer server(EchoServer.Handler handler) {
		EchoServer server = new EchoServer(this.scheduler, handler);
		this.open.add(server);
		return server;
	}

	Socket dial(EchoServer server) throws IOException {
		Socket socket = server.dial();
		this.open.add(socket);
		return socket;
	}

	static long threads() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> !thread.getName().startsWith("awaitility"))
			.count();
	}

	static void assertEchoes(Socket socket) throws IOException {
		socket.getOutputStream().write(42);
		assertThat(socket.getInputStream().read()).isEqualTo(42);
	}

}

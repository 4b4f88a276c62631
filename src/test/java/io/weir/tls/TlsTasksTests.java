package io.weir.tls;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLEngine;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.weir.scheduling.ConnectionScheduler;
import io.weir.scheduling.ConnectionThread;
import io.weir.scheduling.Schedulers;
import io.weir.transport.PlainTransport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link TlsTasks}.
 */
@Timeout(30)
class TlsTasksTests {

	private final TlsTasks tasks = new TlsTasks();

	private final CountDownLatch release = new CountDownLatch(1);

	private final CompletableFuture<IOException> failure = new CompletableFuture<>();

	private static ConnectionScheduler scheduler(String threads) {
		return switch (threads) {
			case "virtual" -> Schedulers.virtual();
			case "platform" -> Schedulers.platform();
			default -> Schedulers.auto();
		};
	}

	@ParameterizedTest
	@CsvSource({ "auto, true", "virtual, true", "platform, true", "auto, false", "virtual, false", "platform, false" })
	void whenTheConnectionEndsWhileATaskComputesThenItsThreadWaitsNoMore(String threads, boolean closed)
			throws Exception {
		ConnectionScheduler scheduler = scheduler(threads);
		scheduler.start();
		try (ServerSocketChannel listener = ServerSocketChannel.open()) {
			listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
			try (SocketChannel client = SocketChannel.open(listener.getLocalAddress());
					SocketChannel channel = listener.accept()) {
				ConnectionThread thread = scheduler.newThread("connection", channel);
				PlainTransport transport = new PlainTransport(channel, thread);
				thread.start(() -> run(transport));
				Awaitility.await().until(() -> this.tasks.waiting() == 1);
				if (closed) {
					transport.close();
				}
				else {
					thread.interrupt();
				}
				assertThat(this.failure.get(5, TimeUnit.SECONDS))
					.isInstanceOf(closed ? AsynchronousCloseException.class : InterruptedIOException.class);
				assertThat(this.tasks.waiting()).isZero();
				assertThat(client.isOpen()).isTrue();
			}
		}
		finally {
			this.release.countDown();
			scheduler.stop();
		}
	}

	private void run(PlainTransport transport) {
		SSLEngine engine = mock(SSLEngine.class);
		given(engine.getDelegatedTask()).willReturn(this::compute, (Runnable) null);
		try {
			this.tasks.run(engine, transport);
		}
		catch (IOException ex) {
			this.failure.complete(ex);
		}
	}

	private void compute() {
		try {
			this.release.await();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}

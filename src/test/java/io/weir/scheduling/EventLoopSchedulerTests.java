package io.weir.scheduling;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import io.weir.Footprint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Tests for {@link EventLoopScheduler}: its start, its stop, and what it survives.
 */
@Timeout(60)
class EventLoopSchedulerTests extends EventLoopTest {

	@Test
	void whenATaskThrowsThenItsUncaughtHandlerIsToldAndTheLoopLivesOn() throws Exception {
		Throwable[] failures = { new OutOfMemoryError("test"), new StackOverflowError("test"),
				new IllegalStateException("test"), new LinkageError("test"), new Exception("test") };
		AtomicReference<Throwable> uncaught = new AtomicReference<>();
		Socket before = dial(server(EchoServer::echo));
		for (Throwable failure : failures) {
			EchoServer server = server((thread, channel) -> {
				Thread.currentThread().setUncaughtExceptionHandler((t, ex) -> uncaught.set(ex));
				sneakyThrow(failure);
			});
			assertThat(dial(server).getInputStream().read()).isEqualTo(-1);
			Awaitility.await().until(() -> failure.equals(uncaught.get()));
			assertEchoes(before);
		}
	}

	@SuppressWarnings("unchecked")
	private static <T extends Throwable> void sneakyThrow(Throwable failure) throws T {
		throw (T) failure;
	}

	@Test
	void whenThreadsAreDumpedThenConnectionsAreThereByName(@TempDir Path directory) throws Exception {
		Socket socket = dial(server(EchoServer::echo));
		assertEchoes(socket);
		// It waits again
		Awaitility.await().until(() -> this.scheduler.states().getFirst().loop().selector().isAsleep());
		Path dump = directory.resolve("threads.txt");
		java.lang.management.ManagementFactory.getPlatformMXBean(com.sun.management.HotSpotDiagnosticMXBean.class)
			.dumpThreads(dump.toString(), com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat.TEXT_PLAIN);
		assertThat(Files.readString(dump)).contains("\"connection-1\"").contains("LoopThread.awaitReadable");
	}

	@Test
	void whenStartedAndStoppedManyTimesThenNothingIsLeft() throws Exception {
		this.scheduler.stop();
		runOnce();
		long before = Footprint.openFiles();
		long threads = threads();
		for (int i = 0; i < 100; i++) {
			runOnce();
		}
		Awaitility.await().until(() -> Footprint.openFiles() <= before && threads() <= threads);
		this.scheduler.start();
	}

	private void runOnce() throws IOException {
		this.scheduler.start();
		try (EchoServer server = new EchoServer(this.scheduler); Socket socket = server.dial()) {
			assertEchoes(socket);
			socket.shutdownOutput();
			assertThat(socket.getInputStream().read()).isEqualTo(-1);
			Awaitility.await().until(() -> server.over.get() == 1);
		}
		finally {
			this.scheduler.stop();
		}
	}

	@Test
	void whenStoppedThenAConnectionThatStillWaitsIsClosedAndItsThreadEnds() throws Exception {
		CompletableFuture<IOException> failure = new CompletableFuture<>();
		EchoServer server = server((thread, channel) -> {
			try {
				EchoServer.echo(thread, channel);
			}
			catch (IOException ex) {
				failure.complete(ex);
			}
		});
		Socket socket = dial(server);
		assertEchoes(socket);
		this.scheduler.stop();
		assertThat(failure.get(5, TimeUnit.SECONDS)).isInstanceOf(AsynchronousCloseException.class);
		assertThat(socket.getInputStream().read()).isEqualTo(-1);
		Awaitility.await().until(() -> server.over.get() == 1);
		assertThatThrownBy(() -> this.scheduler.newThread("x", SocketChannel.open()))
			.isInstanceOf(IllegalStateException.class);
	}

	@Test
	void whenManyConnectionsComeAndGoThenNothingGrows() throws Exception {
		EchoServer server = server(EchoServer::echo);
		for (int i = 0; i < 100; i++) {
			comeAndGo(server);
		}
		Awaitility.await().until(() -> server.over.get() == 100);
		long before = Footprint.openFiles();
		long threads = threads();
		for (int i = 0; i < 10_000; i++) {
			comeAndGo(server);
		}
		Awaitility.await().until(() -> server.over.get() == 10_100 && Footprint.openFiles() <= before);
		EventLoop loop = this.scheduler.states().getFirst().loop();
		// What is over for the server has yet to leave its loop
		Awaitility.await().untilAsserted(() -> {
			assertThat(threads()).isLessThanOrEqualTo(threads);
			assertThat(loop.count()).hasValue(0);
			assertThat(loop.selector().selector().keys()).isEmpty();
		});
	}

	private static void comeAndGo(EchoServer server) throws IOException {
		try (Socket socket = server.dial()) {
			assertEchoes(socket);
			// No TIME_WAIT per connection
			socket.setSoLinger(true, 0);
		}
	}

	@Test
	void whenAThreadHoldsItsLoopThenItIsNamedAndTheLoopTakesNoConnectionsMeanwhile() throws Exception {
		CountDownLatch release = new CountDownLatch(1);
		EchoServer server = server((thread, channel) -> {
			EchoServer.read(thread, channel, ByteBuffer.allocate(1), false);
			while (release.getCount() > 0) {
				Thread.onSpinWait();
			}
			EchoServer.write(thread, channel, ByteBuffer.allocate(1));
		});
		Socket socket = dial(server);
		assertThat(this.scheduler.stalls()).isEmpty();
		socket.getOutputStream().write(1);
		Awaitility.await().until(() -> !this.scheduler.stalls().isEmpty());
		assertThat(this.scheduler.stalls()).singleElement().satisfies((stall) -> {
			assertThat(stall.thread()).isEqualTo("connection-1");
			assertThat(stall.time()).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(10));
		});
		release.countDown();
		assertThat(socket.getInputStream().read()).isZero();
		Awaitility.await().until(() -> this.scheduler.stalls().isEmpty());
	}

	// Ten bytes, each sent when the one before has come back. The first may take until
	// the second round after 1 s, the others none
	@Test
	void whenAThreadWaitsInAClassInitializerThenOneRoundFreesItForAllItsBytesAndItsLoopForOthers() throws Exception {
		CompletableFuture<Runnable> echo = InClassInitializer.ECHO;
		EchoServer server = server((thread, channel) -> {
			echo.complete(() -> echo(thread, channel, 10));
			assertThat(Pinning.DONE).isTrue();
			EchoServer.echo(thread, channel);
		});
		Socket socket = dial(server);
		Awaitility.await().until(() -> !this.scheduler.stalls().isEmpty());
		this.scheduler.adaptNow();
		long begin = System.nanoTime();
		for (int i = 0; i < 10; i++) {
			assertEchoes(socket);
		}
		// Nobody else asks for a round: that would be for ever
		assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(5));
		assertEchoes(socket);
		assertEchoes(dial(server(EchoServer::echo)));
		Awaitility.await().until(() -> this.scheduler.stalls().isEmpty());
	}

	private static void echo(ConnectionThread thread, SocketChannel channel, int count) {
		try {
			ByteBuffer one = ByteBuffer.allocate(1);
			for (int i = 0; i < count; i++) {
				EchoServer.read(thread, channel, one.clear(), false);
				EchoServer.write(thread, channel, one.flip());
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static final class InClassInitializer {

		private static final CompletableFuture<Runnable> ECHO = new CompletableFuture<>();

	}

	private static final class Pinning {

		private static final boolean DONE;

		static {
			InClassInitializer.ECHO.join().run();
			DONE = true;
		}

	}

}

package io.weir.scheduling;

import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.weir.Footprint;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LoopThread}: how connections wait for their sockets.
 */
@Timeout(60)
class LoopThreadTests extends EventLoopTest {

	@ParameterizedTest
	@ValueSource(ints = { 1, 64 })
	void whenClientsSendThenEachGetsItsBytesBack(int clients) throws Exception {
		EchoServer server = server(EchoServer::echo);
		List<CompletableFuture<Void>> done = new ArrayList<>();
		for (int i = 0; i < clients; i++) {
			Socket socket = dial(server);
			Random random = new Random(i);
			CompletableFuture<Void> future = new CompletableFuture<>();
			done.add(future);
			Thread.ofPlatform().daemon().start(() -> {
				try {
					for (int j = 0; j < 50; j++) {
						byte[] bytes = new byte[1 + random.nextInt(10_000)];
						random.nextBytes(bytes);
						socket.getOutputStream().write(bytes);
						assertThat(socket.getInputStream().readNBytes(bytes.length)).isEqualTo(bytes);
					}
					future.complete(null);
				}
				catch (IOException | AssertionError ex) {
					future.completeExceptionally(ex);
				}
			});
		}
		for (CompletableFuture<Void> each : done) {
			each.get(30, TimeUnit.SECONDS);
		}
		assertThat(this.scheduler.states()).hasSize(1);
	}

	@Test
	void whenTheLoopThatAConnectionMovesToEndsThenItIsServedWhereItWas() throws Exception {
		AtomicReference<LoopThread> moving = new AtomicReference<>();
		Socket socket = dial(server((thread, channel) -> {
			moving.set((LoopThread) thread);
			EchoServer.echo(thread, channel);
		}));
		assertEchoes(socket);
		EventLoop first = this.scheduler.states().getFirst().loop();
		EventLoop next = new EventLoop("next", (task, from) -> first.hand(task));
		CountDownLatch end = new CountDownLatch(1);
		next.hand((loop) -> Awaitility.await().until(() -> end.getCount() == 0));
		next.start();
		Objects.requireNonNull(moving.get()).askToMove(next, true);
		Awaitility.await().until(() -> next.count().get() == 1);
		next.stop();
		end.countDown();
		assertEchoes(socket);
		assertThat(first.count()).hasValue(1);
	}

	@Test
	void whenAPeerDoesNotReadThenTheWriterWaitsAndOthersAreServed() throws Exception {
		EchoServer server = server((thread, channel) -> {
			if (Thread.currentThread().getName().equals("connection-1")) {
				EchoServer.write(thread, channel, ByteBuffer.allocate(20_000_000));
			}
			EchoServer.echo(thread, channel);
		});
		Socket slow = dial(server);
		Socket other = dial(server);
		assertEchoes(other);
		assertThat(slow.getInputStream().readNBytes(20_000_000)).hasSize(20_000_000);
		assertEchoes(slow);
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void whenAForeignThreadWritesThenItWaitsWhileTheConnectionsOwnThreadReads(boolean virtual) throws Exception {
		EchoServer server = server((thread, channel) -> {
			Thread writer = (virtual ? Thread.ofVirtual() : Thread.ofPlatform()).unstarted(() -> {
				try {
					EchoServer.write(thread, channel, ByteBuffer.allocate(20_000_000));
				}
				catch (IOException ex) {
					throw new AssertionError(ex);
				}
			});
			writer.start();
			ByteBuffer one = ByteBuffer.allocate(1);
			EchoServer.read(thread, channel, one, false);
			join(writer);
			EchoServer.write(thread, channel, one.flip());
		});
		Socket socket = dial(server);
		assertThat(socket.getInputStream().readNBytes(10_000_000)).hasSize(10_000_000);
		socket.getOutputStream().write(7);
		assertThat(socket.getInputStream().readNBytes(10_000_000)).hasSize(10_000_000);
		assertThat(socket.getInputStream().read()).isEqualTo(7);
	}

	@Test
	void whenAForeignThreadReadsThenItWaits() throws Exception {
		EchoServer server = server((thread, channel) -> {
			ByteBuffer one = ByteBuffer.allocate(1);
			Thread reader = Thread.ofPlatform().start(() -> {
				try {
					EchoServer.read(thread, channel, one, false);
				}
				catch (IOException ex) {
					throw new AssertionError(ex);
				}
			});
			join(reader);
			EchoServer.write(thread, channel, one.flip());
		});
		Socket socket = dial(server);
		assertEchoes(dial(server(EchoServer::echo)));
		socket.getOutputStream().write(7);
		assertThat(socket.getInputStream().read()).isEqualTo(7);
	}

	private static void join(Thread thread) {
		try {
			assertThat(thread.join(Duration.ofSeconds(20))).isTrue();
		}
		catch (InterruptedException ex) {
			throw new AssertionError(ex);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "platform", "virtual", "connection" })
	void whenAnotherThreadClosesTheChannelThenReaderAndWriterReturnAndTheDescriptorIsReleased(String closer)
			throws Exception {
		CompletableFuture<Runnable> close = new CompletableFuture<>();
		CountDownLatch returned = new CountDownLatch(2);
		EchoServer server = server((thread, channel) -> {
			if (Thread.currentThread().getName().equals("connection-1")) {
				Thread.ofPlatform().daemon().start(() -> countEnd(returned, () -> {
					while (true) {
						EchoServer.write(thread, channel, ByteBuffer.allocate(1_000_000));
					}
				}));
				close.complete(() -> EchoServer.close(thread, channel));
				countEnd(returned, () -> EchoServer.read(thread, channel, ByteBuffer.allocate(1), false));
			}
			else {
				EchoServer.read(thread, channel, ByteBuffer.allocate(1), false);
				close.join().run();
			}
		});
		Socket other = dial(server(EchoServer::echo));
		assertEchoes(other);
		long before = Footprint.openFiles();
		Socket socket = dial(server);
		Runnable closing = close.get(5, TimeUnit.SECONDS);
		Awaitility.await().until(() -> socket.getInputStream().available() > 100_000);
		switch (closer) {
			case "platform" -> closing.run();
			case "virtual" -> Thread.startVirtualThread(closing).join();
			default -> dial(server).getOutputStream().write(1);
		}
		assertThat(returned.await(5, TimeUnit.SECONDS)).isTrue();
		// The peer sees the end
		assertThat(socket.getInputStream().readAllBytes()).isNotEmpty();
		socket.close();
		this.open.remove(this.open.size() - 1);
		Awaitility.await().until(() -> Footprint.openFiles() <= before + (closer.equals("connection") ? 1 : 0));
	}

	private static void countEnd(CountDownLatch ends, EchoServerStep step) {
		try {
			step.run();
		}
		catch (IOException ex) {
			// Closed
		}
		ends.countDown();
	}

	private interface EchoServerStep {

		void run() throws IOException;

	}

	@Test
	void whenAThreadIsInterruptedThatWaitsThenItsChannelIsClosed() throws Exception {
		CompletableFuture<ConnectionThread> waiting = new CompletableFuture<>();
		CompletableFuture<IOException> failure = new CompletableFuture<>();
		EchoServer server = server((thread, channel) -> {
			waiting.complete(thread);
			assertThat(thread.isOwnThread()).isTrue();
			try {
				EchoServer.read(thread, channel, ByteBuffer.allocate(1), false);
			}
			catch (IOException ex) {
				failure.complete(ex);
			}
		});
		Socket socket = dial(server);
		ConnectionThread thread = waiting.get(5, TimeUnit.SECONDS);
		assertThat(thread.isOwnThread()).isFalse();
		thread.interrupt();
		assertThat(failure.get(5, TimeUnit.SECONDS)).isInstanceOf(ClosedByInterruptException.class);
		assertThat(socket.getInputStream().read()).isEqualTo(-1);
	}

	@Test
	void whenAHandlerSleepsLocksAndUsesSocketsOfTheJdkThenOthersAreServedMeanwhile() throws Exception {
		ReentrantLock lock = new ReentrantLock();
		Object monitor = new Object();
		Socket other = dial(server(EchoServer::echo));
		EchoServer server = server((thread, channel) -> {
			ByteBuffer one = ByteBuffer.allocate(1);
			EchoServer.read(thread, channel, one, false);
			lock.lock();
			try {
				synchronized (monitor) {
					Thread.sleep(Duration.ofMillis(20));
					one.array()[0] = (byte) (one.array()[0]
							+ viaJdkSocket(other.getInetAddress().getHostAddress(), other.getPort()));
					// Threads of its own inherit the loop
					Thread child = Thread.startVirtualThread(() -> one.array()[0]++);
					assertThat(child.join(Duration.ofSeconds(5))).isTrue();
				}
			}
			catch (InterruptedException ex) {
				throw new AssertionError(ex);
			}
			finally {
				lock.unlock();
			}
			EchoServer.write(thread, channel, one.flip());
		});
		List<Socket> sockets = new ArrayList<>();
		for (int i = 0; i < 8; i++) {
			Socket socket = dial(server);
			socket.getOutputStream().write(10 * i);
			sockets.add(socket);
		}
		assertEchoes(other);
		for (int i = 0; i < sockets.size(); i++) {
			assertThat(sockets.get(i).getInputStream().read()).isEqualTo(10 * i + 6);
		}
	}

	// 5, by the echo on the same loop
	private static int viaJdkSocket(String host, int port) throws IOException {
		try (Socket socket = new Socket(host, port)) {
			socket.getOutputStream().write(5);
			return socket.getInputStream().read();
		}
	}

	@Test
	void whenThousandsAreHandedOverThenAConnectionWhoseBytesComeIsServedInBetween() throws Exception {
		int tasks = 2000;
		AtomicInteger run = new AtomicInteger();
		AtomicInteger runWhenServed = new AtomicInteger();
		Socket socket = dial(server((thread, channel) -> {
			ByteBuffer one = ByteBuffer.allocate(1);
			while (EchoServer.read(thread, channel, one.clear(), false) > 0) {
				runWhenServed.set(run.get());
				EchoServer.write(thread, channel, one.flip());
			}
		}));
		assertEchoes(socket);
		EventLoop loop = this.scheduler.states().getFirst().loop();
		for (int i = 0; i < tasks; i++) {
			loop.hand((on) -> {
				LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
				run.incrementAndGet();
			});
		}
		int before = run.get();
		assertEchoes(socket);
		assertThat(runWhenServed.get() - before).as("run before the exchange").isLessThan(tasks / 4);
		Awaitility.await().until(() -> run.get() == tasks);
	}

}

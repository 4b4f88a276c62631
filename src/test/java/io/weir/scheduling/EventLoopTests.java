package io.weir.scheduling;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link EventLoop}.
 */
@Timeout(60)
class EventLoopTests {

	@SuppressWarnings("NullAway.Init")
	private EventLoop loop;

	private final AtomicInteger inherited = new AtomicInteger();

	@AfterEach
	void stop() throws InterruptedException {
		if (this.loop != null) {
			this.loop.stop();
			this.loop.thread().join(5000);
			assertThat(this.loop.thread().isAlive()).isFalse();
		}
	}

	private void start(Selector selector) throws IOException {
		this.loop = new EventLoop("test-loop", (task, from) -> this.inherited.incrementAndGet(), selector);
		this.loop.start();
	}

	// Each producer hands over the next task only when its last one has run, so that the
	// loop falls asleep again and again while another producer is about to wake it
	@ParameterizedTest
	@ValueSource(ints = { 1, 2, 8 })
	void whenProducersHandOverToALoopThatIsMostlyAsleepThenNoneWaitsForEver(int producers) throws Exception {
		start(Selector.open());
		int tasks = 100_000 / producers;
		CountDownLatch over = new CountDownLatch(producers);
		for (int i = 0; i < producers; i++) {
			Thread.ofPlatform().daemon().start(() -> {
				for (int j = 0; j < tasks; j++) {
					CountDownLatch run = new CountDownLatch(1);
					this.loop.hand((on) -> run.countDown());
					try {
						run.await();
					}
					catch (InterruptedException ex) {
						return;
					}
				}
				over.countDown();
			});
		}
		assertThat(over.await(40, TimeUnit.SECONDS)).isTrue();
	}

	@Test
	void whenOneGivesWayWithLittleToDoThenItRunsBeforeThoseWithMuch() throws Exception {
		start(Selector.open());
		CompletableFuture<List<String>> order = new CompletableFuture<>();
		List<String> runs = new ArrayList<>();
		// From one that has given way itself, so that a whole round follows
		this.loop.hand((first) -> first.hand((on) -> {
			on.hand((loop) -> runs.add("much"));
			on.givesWayWithLittle();
			on.hand((loop) -> runs.add("little"));
			on.hand((loop) -> runs.add("much again"));
			on.hand((loop) -> order.complete(runs));
		}));
		assertThat(order.get(10, TimeUnit.SECONDS)).containsExactly("little", "much", "much again");
	}

	@Test
	void whenATaskThrowsThenTheNextRunsAndTheFailureIsKept() throws Exception {
		start(Selector.open());
		OutOfMemoryError failure = new OutOfMemoryError("test");
		this.loop.hand((on) -> {
			throw failure;
		});
		assertRuns();
		assertThat(this.loop.takeFailure()).isSameAs(failure);
		assertThat(this.loop.takeFailure()).isNull();
	}

	@Test
	void whenTheSelectorFailsThenTasksRunAllTheSameAndTheLoopDoesNotSpin() throws Exception {
		FailingSelector selector = new FailingSelector();
		start(selector);
		for (int i = 0; i < 3; i++) {
			assertRuns();
		}
		assertThat(this.loop.takeFailure()).hasMessage("test");
		long rounds = this.loop.rounds();
		selector.failing = false;
		assertRuns();
		assertRuns();
		assertThat(this.loop.rounds()).isGreaterThan(rounds);
		assertThat(selector.selects).as("with a pause between each two").hasValueLessThan(50);
	}

	@Test
	void whenTheSelectorIsLostThenConnectionsAreServedAllTheSame() throws Exception {
		Selector selector = Selector.open();
		start(selector);
		try (ServerSocketChannel listener = ServerSocketChannel.open()) {
			listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
			try (Socket client = new Socket(InetAddress.getLoopbackAddress(), listener.socket().getLocalPort());
					SocketChannel channel = listener.accept()) {
				client.setSoTimeout(5000);
				LoopThread connection = new LoopThread(SchedulableThreads.find(), "connection", channel, this.loop);
				connection.start(() -> echo(connection, channel));
				for (int i = 0; i < 5; i++) {
					client.getOutputStream().write(i);
					assertThat(client.getInputStream().read()).isEqualTo(i);
					selector.close();
				}
				client.shutdownOutput();
				assertThat(client.getInputStream().read()).isEqualTo(-1);
			}
		}
	}

	private static void echo(LoopThread connection, SocketChannel channel) {
		try (channel) {
			EchoServer.echo(connection, channel);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	@Test
	void whenTheLoopThreadIsInterruptedThenItGoesOnWaiting() throws Exception {
		start(Selector.open());
		assertRuns();
		this.loop.thread().interrupt();
		assertRuns();
		// It has been asleep since, when it does not come straight from another task
		Awaitility.await().until(() -> {
			CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
			this.loop.hand((on) -> interrupted.complete(Thread.currentThread().isInterrupted()));
			return interrupted.get(5, TimeUnit.SECONDS);
		}, (interrupted) -> !interrupted);
	}

	@Test
	void whenTheLoopHasEndedThenItsHeirGetsWhatIsHandedOver() throws Exception {
		start(Selector.open());
		this.loop.stop();
		this.loop.thread().join(5000);
		this.loop.hand((on) -> {
		});
		assertThat(this.inherited).hasValue(1);
	}

	private void assertRuns() throws InterruptedException {
		CountDownLatch run = new CountDownLatch(1);
		this.loop.hand((on) -> run.countDown());
		assertThat(run.await(5, TimeUnit.SECONDS)).isTrue();
	}

	private static final class FailingSelector extends AbstractSelector {

		private final Selector selector = Selector.open();

		private final AtomicInteger selects = new AtomicInteger();

		private volatile boolean failing = true;

		FailingSelector() throws IOException {
			super(SelectorProvider.provider());
		}

		private void fail() throws IOException {
			this.selects.incrementAndGet();
			if (this.failing) {
				throw new IOException("test");
			}
		}

		@Override
		public int select(java.util.function.Consumer<SelectionKey> action) throws IOException {
			fail();
			return this.selector.select(action);
		}

		@Override
		public int selectNow(java.util.function.Consumer<SelectionKey> action) throws IOException {
			fail();
			return this.selector.selectNow(action);
		}

		@Override
		public Set<SelectionKey> keys() {
			return this.selector.keys();
		}

		@Override
		public Set<SelectionKey> selectedKeys() {
			return this.selector.selectedKeys();
		}

		@Override
		public int selectNow() throws IOException {
			return this.selector.selectNow();
		}

		@Override
		public int select(long timeout) throws IOException {
			return this.selector.select(timeout);
		}

		@Override
		public int select() throws IOException {
			return this.selector.select();
		}

		@Override
		public Selector wakeup() {
			return this.selector.wakeup();
		}

		@Override
		protected void implCloseSelector() throws IOException {
			this.selector.close();
		}

		@Override
		protected SelectionKey register(AbstractSelectableChannel channel, int ops, Object attachment) {
			throw new UnsupportedOperationException();
		}

	}

}

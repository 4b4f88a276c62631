package io.weir.scheduling;

import java.nio.channels.SocketChannel;
import java.util.concurrent.atomic.AtomicBoolean;
import java.net.Socket;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.weir.CapturedLog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Tests for {@link Schedulers}, {@link SchedulableThreads} and the schedulers that leave
 * waiting to the JDK.
 */
@Timeout(60)
class SchedulersTests {

	@Test
	void whenTheJvmLetsProgramsScheduleThenThereAreEventLoops() {
		assertThat(Schedulers.auto()).isInstanceOf(EventLoopScheduler.class);
	}

	@ParameterizedTest
	@ValueSource(strings = { "java.lang.ThreadBuilders$NoSuchBuilder", "java.lang.String" })
	void whenTheConstructorIsMissingThenTheJdksThreadsServeAndTheLogSaysSoOnce(String className) {
		SchedulableThreads threads = SchedulableThreads.find(className);
		assertThat(threads.whyNot()).contains(className);
		assertThatThrownBy(() -> threads.builder(Runnable::run)).isInstanceOf(UnsupportedOperationException.class);
		AtomicBoolean logged = new AtomicBoolean();
		try (CapturedLog log = CapturedLog.info(Schedulers.class.getName())) {
			assertThat(Schedulers.auto(threads, logged)).isInstanceOf(BlockingScheduler.class);
			assertThat(Schedulers.auto(threads, logged)).isInstanceOf(BlockingScheduler.class);
			assertThat(log.messages()).singleElement()
				.asString()
				.contains("--add-opens java.base/java.lang=ALL-UNNAMED")
				.contains(className);
		}
	}

	@Test
	void whenTheConstructorTakesOtherArgumentsThenItDoesNotCount() {
		// Has a constructor of an Executor, but builds no thread
		assertThat(SchedulableThreads.find(NoBuilder.class.getName()).whyNot()).contains("ClassCastException");
	}

	static final class NoBuilder {

		NoBuilder(java.util.concurrent.Executor executor) {
		}

	}

	@ParameterizedTest
	@ValueSource(strings = { "virtual", "platform" })
	void whenTheJdkWaitsThenClientsAreServedByNamedThreads(String text) throws Exception {
		ConnectionScheduler scheduler = text.equals("virtual") ? Schedulers.virtual() : Schedulers.platform();
		assertThat(scheduler).isInstanceOf(BlockingScheduler.class);
		try (SocketChannel channel = SocketChannel.open()) {
			assertThatIllegalStateException().isThrownBy(() -> scheduler.newThread("x", channel));
		}
		scheduler.start();
		try (EchoServer server = new EchoServer(scheduler, (thread, channel) -> {
			assertThat(thread.isOwnThread()).isTrue();
			assertThat(Thread.currentThread().isVirtual()).isEqualTo(text.equals("virtual"));
			assertThat(Thread.currentThread().getName()).startsWith("connection-");
			assertThat(Thread.currentThread().isDaemon()).isTrue();
			assertThat(channel.isBlocking()).isTrue();
			EchoServer.echo(thread, channel);
		}); Socket one = server.dial(); Socket two = server.dial()) {
			for (int i = 0; i < 100; i++) {
				one.getOutputStream().write(i);
				two.getOutputStream().write(2 * i);
				assertThat(one.getInputStream().read()).isEqualTo(i);
				assertThat(two.getInputStream().read()).isEqualTo(2 * i);
			}
			scheduler.adapt();
			assertThat(scheduler.stalls()).isEmpty();
		}
		finally {
			scheduler.stop();
		}
	}

}

package io.weir.monitor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.weir.kernel.Reading;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ListenerFigures}.
 */
class ListenerFiguresTests {

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path root;

	private FakeProc proc(int overflows) throws IOException {
		return new FakeProc(this.root).write("net/netstat",
				"TcpExt: ListenOverflows\nTcpExt: %d\n".formatted(overflows));
	}

	private static AcceptQueue queue(RunningServer running) {
		return running.listener().read().fold((queue) -> queue, (reason) -> {
			throw new AssertionError(reason);
		});
	}

	@Test
	void overflowsAndDropsAreToldApart() throws IOException {
		try (RunningServer running = new RunningServer(null, null, 10, proc(50).reader())) {
			running.diagnostics().listener(0, 10, 0);
			running.start();
			running.diagnostics().listener(4, 10, 12);
			proc(57);
			assertThat(queue(running))
				.isEqualTo(new AcceptQueue(4, OptionalLong.of(10), OptionalLong.of(7), OptionalLong.of(12)));
			assertThat(running.listener().overflows()).isEqualTo(7);
			assertThat(running.listener().drops()).isEqualTo(12);
		}
	}

	@Test
	void whenManyAskAtOnceThenEachOverflowIsCountedOnce() throws Exception {
		try (RunningServer running = new RunningServer(null, null, 10, proc(0).reader());
				ExecutorService executor = Executors.newFixedThreadPool(4)) {
			running.diagnostics().listener(0, 10, 0);
			running.start();
			for (int i = 1; i <= 50; i++) {
				running.diagnostics().listener(0, 10, 10L * i);
				proc(3 * i);
				List<Future<?>> asked = new ArrayList<>();
				for (int k = 0; k < 4; k++) {
					asked.add(executor.submit(() -> running.listener().read()));
				}
				for (Future<?> one : asked) {
					one.get();
				}
			}
			assertThat(queue(running).overflows()).hasValue(150);
			assertThat(queue(running).drops()).hasValue(500);
		}
	}

	@Test
	void whereTheCounterOfTheNamespaceCannotBeReadOverflowsAreNotKnown() throws IOException {
		try (RunningServer running = new RunningServer(null, null, 10, proc(0).reader())) {
			running.diagnostics().listener(0, 10, 5);
			running.start();
			Files.delete(this.root.resolve("net/netstat"));
			assertThat(queue(running).overflows()).isEmpty();
			assertThat(queue(running).drops()).hasValue(5);
		}
	}

	@Test
	void whenItListensAgainThenTheSumsGoOn() throws IOException {
		try (RunningServer running = new RunningServer(null, null, 10, proc(0).reader())) {
			running.diagnostics().listener(0, 10, 5);
			proc(5);
			running.start();
			assertThat(queue(running).overflows()).hasValue(5);
			running.server().stop();
			assertThat(running.listener().read()).isInstanceOf(Reading.Unavailable.class);
			running.diagnostics().listener(0, 10, 6);
			proc(11);
			running.start();
			assertThat(queue(running).overflows()).hasValue(11);
			assertThat(queue(running).drops()).hasValue(11);
		}
	}

}

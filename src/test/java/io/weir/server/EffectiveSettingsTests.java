package io.weir.server;

import io.weir.FakeDiagnostics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import io.weir.SocketStatistics;
import io.weir.kernel.ProcReader;
import io.weir.kernel.Source;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link EffectiveSettings} and {@link Setting}, with real sockets and limits
 * of a fake {@code /proc}.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "buffer sizes are Linux's")
class EffectiveSettingsTests {

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path root;

	private final FakeDiagnostics diagnostics = new FakeDiagnostics();

	@BeforeEach
	void writeProc() throws IOException {
		write("sys/net/core/somaxconn", "4096\n");
		write("sys/net/core/rmem_max", "212992\n");
		write("sys/net/core/wmem_max", "212993\n");
		write("sys/net/ipv4/tcp_rmem", "4096\t131072\t6291456\n");
		write("sys/net/ipv4/tcp_wmem", "4096\t16384\t4194304\n");
		write("self/limits", """
				Limit                     Soft Limit           Hard Limit           Units
				Max open files            1024                 524288               files
				""");
	}

	@Test
	void whenNothingIsAskedForThenTheKernelsFiguresAreShown() throws Exception {
		EffectiveSettings settings = read(null, null, null, 100);
		assertThat(settings.backlog()).isEqualTo(new Setting(null, 4096L, 4096L, null, Source.COMPUTED, null));
		assertThat(settings.receiveBuffer().setting().requested()).isNull();
		assertThat(settings.receiveBuffer().setting().effective()).isEqualTo(kernelDefault("tcp_rmem"));
		assertThat(settings.receiveBuffer().setting().maximum()).isEqualTo(6291456L);
		assertThat(settings.receiveBuffer().setting().limitedBy()).isNull();
		assertThat(settings.receiveBuffer().autotuned()).isTrue();
		assertThat(settings.receiveBuffer().setting().source()).isEqualTo(Source.GETSOCKOPT);
		assertThat(settings.sendBuffer().setting().effective()).isEqualTo(kernelDefault("tcp_wmem"));
		assertThat(settings.sendBuffer().setting().maximum()).isEqualTo(4194304L);
		assertThat(settings.sendBuffer().autotuned()).isTrue();
	}

	private static long kernelDefault(String name) throws IOException {
		return Long
			.parseLong(Files.readAllLines(Path.of("/proc/sys/net/ipv4", name)).getFirst().strip().split("\\s+", -1)[1]);
	}

	@Test
	void whenTheBacklogIsClampedThenTheSysctlIsNamed() throws Exception {
		assertThat(read(8192, null, null, 100).backlog())
			.isEqualTo(new Setting(8192L, 4096L, 4096L, "net.core.somaxconn", Source.COMPUTED, null));
		assertThat(read(4096, null, null, 100).backlog())
			.isEqualTo(new Setting(4096L, 4096L, 4096L, null, Source.COMPUTED, null));
		assertThat(read(1, null, null, 100).backlog())
			.isEqualTo(new Setting(1L, 1L, 4096L, null, Source.COMPUTED, null));
	}

	@Test
	void whenTheKernelTellsTheBacklogThenItIsNotComputed() throws Exception {
		this.diagnostics.listener(0, 128, 0);
		assertThat(read(8192, null, null, 100).backlog())
			.isEqualTo(new Setting(8192L, 128L, 4096L, "net.core.somaxconn", Source.SOCK_DIAG, null));
		Files.delete(this.root.resolve("sys/net/core/somaxconn"));
		assertThat(read(128, null, null, 100).backlog())
			.isEqualTo(new Setting(128L, 128L, null, null, Source.SOCK_DIAG, null));
	}

	@Test
	void whenSomaxconnIsNotKnownThenTheBacklogIsUnavailableWithTheReason() throws Exception {
		Files.delete(this.root.resolve("sys/net/core/somaxconn"));
		Setting backlog = read(8192, null, null, 100).backlog();
		assertThat(backlog.requested()).isEqualTo(8192);
		assertThat(backlog.effective()).isNull();
		assertThat(backlog.maximum()).isNull();
		assertThat(backlog.source()).isEqualTo(Source.UNAVAILABLE);
		assertThat(backlog.reason()).contains("net.core.somaxconn");
	}

	@Test
	void whenABufferIsAskedForThenTheKernelDoublesIt() throws Exception {
		EffectiveSettings settings = read(null, 50_000, 60_000, 100);
		assertThat(settings.receiveBuffer().setting())
			.isEqualTo(new Setting(50_000L, 100_000L, 2 * 212992L, null, Source.GETSOCKOPT, null));
		assertThat(settings.receiveBuffer().usable()).isEqualTo(50_000);
		assertThat(settings.receiveBuffer().autotuned()).isFalse();
		assertThat(settings.sendBuffer().setting())
			.isEqualTo(new Setting(60_000L, 120_000L, 2 * 212993L, null, Source.GETSOCKOPT, null));
	}

	@Test
	void whenABufferIsTooSmallForTheKernelThenItIsNotCalledClamped() throws Exception {
		EffectiveSettings settings = read(null, 1, 1, 100);
		assertThat(settings.receiveBuffer().setting().effective()).isGreaterThan(2);
		assertThat(settings.receiveBuffer().setting().limitedBy()).isNull();
		assertThat(settings.sendBuffer().setting().effective()).isGreaterThan(2);
		assertThat(settings.sendBuffer().setting().limitedBy()).isNull();
	}

	@Test
	void whenABufferIsClampedThenTheSysctlIsNamed() throws Exception {
		EffectiveSettings settings = read(null, Integer.MAX_VALUE, Integer.MAX_VALUE, 100);
		// The real limit clamps; the fake one is only told
		assertThat(settings.receiveBuffer().setting().effective()).isLessThan(2L * Integer.MAX_VALUE);
		assertThat(settings.receiveBuffer().setting().limitedBy()).isEqualTo("net.core.rmem_max");
		assertThat(settings.receiveBuffer().setting().maximum()).isEqualTo(2 * 212992L);
		assertThat(settings.sendBuffer().setting().limitedBy()).isEqualTo("net.core.wmem_max");
		assertThat(settings.sendBuffer().setting().maximum()).isEqualTo(2 * 212993L);
	}

	@Test
	void whenTheLimitOfBuffersIsNotShownThenASocketTellsIt() throws Exception {
		Files.delete(this.root.resolve("sys/net/core/rmem_max"));
		Files.delete(this.root.resolve("sys/net/core/wmem_max"));
		EffectiveSettings settings = read(null, Integer.MAX_VALUE, Integer.MAX_VALUE, 100);
		assertThat(settings.receiveBuffer().setting().maximum())
			.isEqualTo(settings.receiveBuffer().setting().effective());
		assertThat(settings.sendBuffer().setting().maximum()).isEqualTo(settings.sendBuffer().setting().effective());
		settings = read(null, 50_000, 50_000, 100);
		assertThat(settings.receiveBuffer().setting().maximum()).isGreaterThanOrEqualTo(100_000);
		assertThat(settings.receiveBuffer().setting().limitedBy()).isNull();
	}

	@Test
	void whenTheKernelsTuningIsNotKnownThenThereIsNoMaximum() throws Exception {
		Files.delete(this.root.resolve("sys/net/ipv4/tcp_rmem"));
		assertThat(read(null, null, null, 100).receiveBuffer().setting().maximum()).isNull();
	}

	@Test
	void whenFilesAreTooFewThenTheNumberThatFitsIsTold() throws Exception {
		assertThat(read(null, null, null, 641).maxConnections())
			.isEqualTo(new Setting(641L, 640L, 640L, "nofile.soft", Source.PROCFS, null));
		assertThat(read(null, null, null, 640).maxConnections())
			.isEqualTo(new Setting(640L, 640L, 640L, null, Source.PROCFS, null));
	}

	@Test
	void whenFilesAreFewerThanTheProcessNeedsThenNoneFits() throws Exception {
		write("self/limits", "Max open files            100                 100               files\n");
		assertThat(read(null, null, null, 10).maxConnections().effective()).isZero();
	}

	@Test
	void whenTheLimitOfFilesIsNotKnownThenTheRequestStands() throws Exception {
		Files.delete(this.root.resolve("self/limits"));
		assertThat(read(null, null, null, 641).maxConnections())
			.isEqualTo(new Setting(641L, 641L, null, null, Source.COMPUTED, null));
	}

	@Test
	void whenReadThenTheReceiveBufferIsWhatSsShows() throws Exception {
		SocketStatistics.assumeAvailable();
		for (Integer size : new Integer[] { null, 50_000, Integer.MAX_VALUE }) {
			ListenerSettings listener = listener(null, size);
			try (ListeningSocket socket = ListeningSocket.open(listener, Settings.SOCKETS, 10)) {
				EffectiveSettings settings = EffectiveSettings.read(listener, Settings.SOCKETS, 100, socket,
						new ProcReader(this.root).limits(), this.diagnostics);
				assertThat(settings.receiveBuffer().setting().effective())
					.isEqualTo(SocketStatistics.listener(socket.address().getPort()).memory("rb"));
			}
		}
	}

	@Test
	void whenASourceIsShownThenItsTextIsTheContracts() {
		assertThat(Source.values()).extracting(Source::text)
			.containsExactly("sock_diag", "getsockopt", "procfs", "computed", "unavailable");
		assertThat(new BufferSetting(Setting.unavailable(1L, null, "because")).usable()).isNull();
	}

	private EffectiveSettings read(@Nullable Integer backlog, @Nullable Integer receiveBuffer,
			@Nullable Integer sendBuffer, int maxConnections) throws IOException {
		ListenerSettings listener = listener(backlog, receiveBuffer);
		try (ListeningSocket socket = ListeningSocket.open(listener, Settings.SOCKETS, 10)) {
			return EffectiveSettings.read(listener, new SocketSettings(sendBuffer, true, null), maxConnections, socket,
					new ProcReader(this.root).limits(), this.diagnostics);
		}
	}

	private static ListenerSettings listener(@Nullable Integer backlog, @Nullable Integer receiveBuffer) {
		return new ListenerSettings("127.0.0.1", 0, backlog, receiveBuffer, true, false);
	}

	private void write(String path, String text) throws IOException {
		Path file = this.root.resolve(path);
		Files.createDirectories(file.getParent());
		Files.writeString(file, text);
	}

}

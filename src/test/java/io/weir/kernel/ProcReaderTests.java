package io.weir.kernel;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

/**
 * Tests for {@link ProcReader}, {@link KernelLimits} and {@link KernelEvents}.
 */
class ProcReaderTests {

	private static final List<String> NUMBERS = List.of("net.core.somaxconn", "net.core.rmem_default",
			"net.core.rmem_max", "net.core.wmem_default", "net.core.wmem_max", "net.ipv4.tcp_max_syn_backlog",
			"net.ipv4.tcp_syncookies", "net.ipv4.tcp_abort_on_overflow", "net.ipv4.tcp_synack_retries",
			"net.ipv4.tcp_retries1", "net.ipv4.tcp_retries2", "net.ipv4.tcp_sack", "net.ipv4.tcp_window_scaling",
			"net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes",
			"net.ipv4.tcp_slow_start_after_idle");

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path root;

	@BeforeEach
	void writeProc() throws IOException {
		for (String name : NUMBERS) {
			sysctl(name, (100 + NUMBERS.indexOf(name)) + "\n");
		}
		sysctl("net.ipv4.tcp_rmem", "4096\t131072\t6291456\n");
		sysctl("net.ipv4.tcp_wmem", "4096\t16384\t4194304\n");
		sysctl("net.ipv4.tcp_mem", "379290\t505720\t758580\n");
		sysctl("net.ipv4.tcp_congestion_control", "cubic\n");
		write("self/limits", """
				Limit                     Soft Limit           Hard Limit           Units
				Max cpu time              unlimited            unlimited            seconds
				Max open files            1024                 524288               files
				Max locked memory         8388608              8388608              bytes
				""");
		write("net/netstat", """
				TcpExt: SyncookiesSent SomethingNew PruneCalled ListenOverflows ListenDrops TCPTimeouts
				TcpExt: 1 999 2 3 4 5
				IpExt: InNoRoutes ListenDrops
				IpExt: 6 7
				""");
		write("net/snmp", """
				Ip: Forwarding RetransSegs
				Ip: 1 99
				Tcp: RtoAlgorithm MaxConn RetransSegs InErrs
				Tcp: 1 -1 42 0
				Udp: InDatagrams
				Udp: 1
				""");
	}

	@Test
	void limitsComeAllAndInOrder() {
		assertThat(reader().limits().values().keySet()).containsExactly("net.core.somaxconn", "net.core.rmem_default",
				"net.core.rmem_max", "net.core.wmem_default", "net.core.wmem_max", "net.ipv4.tcp_max_syn_backlog",
				"net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem", "net.ipv4.tcp_mem", "net.ipv4.tcp_syncookies",
				"net.ipv4.tcp_abort_on_overflow", "net.ipv4.tcp_synack_retries", "net.ipv4.tcp_retries1",
				"net.ipv4.tcp_retries2", "net.ipv4.tcp_sack", "net.ipv4.tcp_window_scaling",
				"net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes",
				"net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_congestion_control", "nofile.soft", "nofile.hard");
	}

	@Test
	void whenAskedTwiceInASecondThenItIsReadOnce() {
		ProcReader reader = reader();
		// Two that the machine has not kept a second apart
		Awaitility.await().untilAsserted(() -> {
			assertThat(reader.limits()).isSameAs(reader.limits());
			assertThat(reader.events()).isSameAs(reader.events());
		});
	}

	@Test
	void limitsThatMustBeOfNowAreReadAnew() throws IOException {
		ProcReader reader = reader();
		assertThat(reader.limits().number("net.core.somaxconn")).hasValue(100);
		sysctl("net.core.somaxconn", "8192\n");
		assertThat(reader.readLimits().number("net.core.somaxconn")).hasValue(8192);
	}

	@Test
	void limitsAreReadAsNumbersVectorsAndText() {
		KernelLimits limits = reader().limits();
		for (String name : NUMBERS) {
			assertThat(limits.get(name))
				.isEqualTo(new Reading.Available<>(new KernelLimit.Scalar(100 + NUMBERS.indexOf(name))));
			assertThat(limits.number(name)).hasValue(100 + NUMBERS.indexOf(name));
		}
		assertThat(limits.get("net.ipv4.tcp_rmem")).isEqualTo(new Reading.Available<>(
				new KernelLimit.Vector(Map.of("min", 4096L, "default", 131072L, "max", 6291456L))));
		assertThat(vector(limits, "net.ipv4.tcp_mem").members().keySet()).containsExactly("min", "pressure", "max");
		assertThat(limits.number("net.ipv4.tcp_wmem.max")).hasValue(4194304);
		assertThat(limits.number("net.ipv4.tcp_mem.pressure")).hasValue(505720);
		assertThat(limits.get("net.ipv4.tcp_congestion_control"))
			.isEqualTo(new Reading.Available<>(new KernelLimit.Text("cubic")));
		assertThat(limits.number("nofile.soft")).hasValue(1024);
		assertThat(limits.number("nofile.hard")).hasValue(524288);
	}

	@Test
	void numberIsEmptyForWhatIsNoNumber() {
		KernelLimits limits = reader().limits();
		assertThat(limits.number("net.ipv4.tcp_congestion_control")).isEmpty();
		assertThat(limits.number("net.ipv4.tcp_rmem")).isEmpty();
		assertThat(limits.number("net.ipv4.tcp_rmem.middle")).isEmpty();
		assertThat(limits.number("net.core.somaxconn.max")).isEmpty();
		assertThat(limits.number("nonsense")).isEmpty();
		assertThat(limits.get("nonsense")).isInstanceOf(Reading.Unavailable.class);
	}

	@Test
	void unlimitedOpenFilesAreAText() throws IOException {
		write("self/limits", "Max open files            1048576              unlimited            files\n");
		KernelLimits limits = reader().limits();
		assertThat(limits.number("nofile.soft")).hasValue(1048576);
		assertThat(limits.get("nofile.hard")).isEqualTo(new Reading.Available<>(new KernelLimit.Text("unlimited")));
	}

	@Test
	void whenAFileIsAbsentThenItsLimitAloneIsUnavailable() throws IOException {
		Files.delete(this.root.resolve("sys/net/core/rmem_max"));
		KernelLimits limits = reader().limits();
		assertThat(reason(limits, "net.core.rmem_max")).contains("sys/net/core/rmem_max does not exist");
		assertThat(limits.number("net.core.rmem_max")).isEmpty();
		assertThat(limits.values().values()).filteredOn(Reading.Unavailable.class::isInstance).hasSize(1);
	}

	@Test
	void whenThereIsNoProcThenEverythingIsUnavailable() {
		ProcReader reader = new ProcReader(this.root.resolve("nowhere"));
		assertThat(reader.limits().values()).hasSize(23)
			.allSatisfy((name, limit) -> assertThat(((Reading.Unavailable<?>) limit).reason())
				.endsWith("nowhere does not exist: not Linux, or proc is not mounted"));
		assertThat(reader.events().counters()).isEmpty();
		assertThat(reader.events().reason()).contains("nowhere does not exist");
	}

	@Test
	void whenAFileMayNotBeReadThenItsLimitIsUnavailable() throws IOException {
		Path file = this.root.resolve("sys/net/core/wmem_max");
		Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
		assumeFalse(Files.isReadable(file), "root reads every file");
		assertThat(reason(reader().limits(), "net.core.wmem_max")).endsWith("may not be read: permission denied");
	}

	@Test
	void whenReadingFailsThenTheLimitIsUnavailable() throws IOException {
		Path file = this.root.resolve("sys/net/core/wmem_max");
		Files.delete(file);
		Files.createDirectory(file);
		assertThat(reason(reader().limits(), "net.core.wmem_max")).contains("wmem_max cannot be read: ");
	}

	@Test
	void whenAFileIsGarbledThenItsLimitIsUnavailable() throws IOException {
		sysctl("net.core.somaxconn", "many\n");
		sysctl("net.core.rmem_max", "");
		sysctl("net.core.rmem_default", "1\n2\n");
		sysctl("net.core.wmem_max", "99999999999999999999\n");
		sysctl("net.core.wmem_default", "\u001b[31m\u00ff" + "x".repeat(1000));
		sysctl("net.ipv4.tcp_rmem", "1 2\n");
		sysctl("net.ipv4.tcp_wmem", "1 two 3\n");
		sysctl("net.ipv4.tcp_congestion_control", "\n");
		KernelLimits limits = reader().limits();
		assertThat(reason(limits, "net.core.somaxconn")).endsWith("somaxconn holds \"many\", not a number");
		assertThat(reason(limits, "net.core.rmem_max")).endsWith("rmem_max has 0 lines, not one");
		assertThat(reason(limits, "net.core.rmem_default")).endsWith("rmem_default has 2 lines, not one");
		assertThat(reason(limits, "net.core.wmem_max")).endsWith("holds \"99999999999999999999\", not a number");
		assertThat(reason(limits, "net.core.wmem_default")).contains("holds \"?[31m?").hasSizeLessThan(300);
		assertThat(reason(limits, "net.ipv4.tcp_rmem"))
			.endsWith("holds \"1 2\", not the 3 numbers [min, default, max]");
		assertThat(reason(limits, "net.ipv4.tcp_wmem")).endsWith("holds \"two\", not a number");
		assertThat(reason(limits, "net.ipv4.tcp_congestion_control")).endsWith("holds \"\", not a word");
	}

	@Test
	void whenTheResourceLimitsAreGarbledThenTheyAreUnavailable() throws IOException {
		write("self/limits", "Max cpu time  unlimited  unlimited  seconds\n");
		assertThat(reason(reader().limits(), "nofile.soft")).endsWith("has no line \"Max open files\"");
		write("self/limits", "Max open files            1024\n");
		assertThat(reason(reader().limits(), "nofile.hard")).contains("without a soft and a hard limit");
		write("self/limits", "Max open files            few                  many                 files\n");
		assertThat(reason(reader().limits(), "nofile.soft")).endsWith("holds \"few\", not a number");
	}

	@Test
	void eventsAreMatchedByNameWithinTheirGroup() {
		KernelEvents events = reader().events();
		assertThat(events.counters()).containsExactlyInAnyOrderEntriesOf(Map.of("SyncookiesSent", 1L, "PruneCalled", 2L,
				"ListenOverflows", 3L, "ListenDrops", 4L, "TCPTimeouts", 5L, "RetransSegs", 42L));
		assertThat(events.reason()).isNull();
	}

	@Test
	void eventsAboveTheSignedRangeWrapToZero() throws IOException {
		write("net/netstat", """
				TcpExt: ListenOverflows ListenDrops
				TcpExt: 9223372036854775807 9223372036854775813
				""");
		assertThat(reader().events().counters()).containsEntry("ListenOverflows", Long.MAX_VALUE)
			.containsEntry("ListenDrops", 5L);
	}

	@Test
	void whenOneEventFileIsAbsentThenTheOtherIsStillRead() throws IOException {
		Files.delete(this.root.resolve("net/netstat"));
		KernelEvents events = reader().events();
		assertThat(events.counters()).containsExactly(Map.entry("RetransSegs", 42L));
		assertThat(events.reason()).contains("net/netstat does not exist");
	}

	@Test
	void whenAnEventFileIsGarbledThenThereIsAReason() throws IOException {
		write("net/netstat", "TcpExt: ListenOverflows ListenDrops\nTcpExt: 1\n");
		write("net/snmp", "Udp: InDatagrams\nUdp: 1\n");
		KernelEvents events = reader().events();
		assertThat(events.counters()).isEmpty();
		assertThat(events.reason()).contains("net/netstat has no line of values that fits the names of TcpExt:")
			.contains("net/snmp has no lines Tcp:");
		write("net/netstat", "TcpExt: ListenOverflows ListenDrops\nTcpExt: 1 x\n");
		events = reader().events();
		assertThat(events.counters()).containsExactly(Map.entry("ListenOverflows", 1L));
		assertThat(events.reason()).contains("holds \"x\" for ListenDrops, not a number");
		write("net/netstat", "TcpExt: ListenOverflows");
		assertThat(reader().events().reason()).contains("net/netstat has no lines TcpExt:");
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void theRunningKernelIsRead() throws IOException {
		KernelLimits limits = new ProcReader().limits();
		String somaxconn = Files.readAllLines(Path.of("/proc/sys/net/core/somaxconn")).get(0);
		assertThat(limits.number("net.core.somaxconn")).hasValue(Long.parseLong(somaxconn));
		assertThat(limits.number("net.ipv4.tcp_rmem.max")).isPresent();
		assertThat(limits.get("net.ipv4.tcp_congestion_control")).isInstanceOfSatisfying(Reading.Available.class,
				(limit) -> assertThat(limit.value()).isInstanceOf(KernelLimit.Text.class));
		assertThat(limits.get("nofile.soft")).isNotInstanceOf(Reading.Unavailable.class);
		KernelEvents events = new ProcReader().events();
		assertThat(events.reason()).isNull();
		assertThat(events.counters()).containsKeys("ListenOverflows", "ListenDrops", "TCPReqQFullDrop",
				"TCPReqQFullDoCookies", "SyncookiesSent", "TCPBacklogDrop", "TCPRcvQDrop", "PruneCalled",
				"TCPAbortOnMemory", "TCPAbortOnClose", "TCPAbortOnTimeout", "TCPTimeouts", "RetransSegs",
				"TCPMemoryPressures");
	}

	private ProcReader reader() {
		return new ProcReader(this.root);
	}

	private static KernelLimit.Vector vector(KernelLimits limits, String name) {
		assertThat(limits.get(name)).isInstanceOf(Reading.Available.class);
		return (KernelLimit.Vector) ((Reading.Available<KernelLimit>) limits.get(name)).value();
	}

	private static String reason(KernelLimits limits, String name) {
		assertThat(limits.get(name)).isInstanceOf(Reading.Unavailable.class);
		return ((Reading.Unavailable<?>) limits.get(name)).reason();
	}

	private void sysctl(String name, String content) throws IOException {
		write("sys/" + name.replace('.', '/'), content);
	}

	private void write(String name, String content) throws IOException {
		Path file = this.root.resolve(name);
		Files.createDirectories(file.getParent());
		Files.write(file, content.getBytes(StandardCharsets.ISO_8859_1));
	}

}

package io.weir;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * What the jar reports of a user's mistake that only the start itself meets, or that
 * needs a process: the exit code is 1, and neither a stack trace nor a warning comes with
 * the report.
 */
class StartReportIntegrationTests {

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path directory;

	@Test
	void whenThePortOfTheActuatorIsInUseThenTheReportNamesTheProperty() throws Exception {
		try (ServerSocket occupied = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
			int port = occupied.getLocalPort();
			assertReport(List.of(), List.of(), Map.of(), List.of("--server.port=" + port),
					"The actuator could not listen on server.address=localhost, server.port=" + port,
					"Port " + port + " of localhost is already in use", "or set server.port to another port");
			assertReport(List.of(), List.of(), Map.of("MANAGEMENT_SERVER_PORT", Integer.toString(port)),
					List.of("--management.server.address=127.0.0.1"),
					"The actuator could not listen on management.server.address=127.0.0.1, management.server.port="
							+ port,
					"or set management.server.port to another port");
		}
	}

	@Test
	void whenTheAddressOfTheActuatorIsNotLocalThenTheReportSaysSo() throws Exception {
		assertReport(List.of(), List.of(), Map.of("SERVER_ADDRESS", "203.0.113.7"), List.of(),
				"The actuator could not listen on server.address=203.0.113.7",
				"The address 203.0.113.7 is not one of this machine's addresses", "Set server.address to");
	}

	@Test
	@EnabledOnOs(value = OS.LINUX, disabledReason = "needs capabilities")
	void whenThePortOfTheActuatorNeedsAPrivilegeThenTheReportSaysSo() throws Exception {
		assumeTrue(
				System.getProperty("user.name").equals("root")
						&& Command.succeeds("setpriv", "--bounding-set=-net_bind_service", "true"),
				"not root, or no setpriv");
		assertReport(List.of("setpriv", "--bounding-set=-net_bind_service", "--inh-caps=-net_bind_service"), List.of(),
				Map.of(), List.of("--server.port=1"), "server.port=1", "ip_unprivileged_port_start",
				"Set server.port to 1024 or above");
	}

	@Test
	@EnabledOnOs(value = OS.LINUX, disabledReason = "needs network namespaces")
	void whenThereIsNoLoopbackAddressThenTheReportSaysHowToGetIt() throws Exception {
		assumeTrue(Command.succeeds("unshare", "--net", "true"), "no network namespace of one's own");
		assertReport(
				List.of("unshare", "--net", "sh", "-c", "ip link set lo up && ip address flush dev lo && exec \"$@\"",
						"sh"),
				List.of(), Map.of(), List.of(), "The actuator could not listen on server.address=localhost",
				"localhost is not one of this machine's addresses", "ip link set lo up");
	}

	@Test
	void whenTheTruststoreTrustsNobodyThenTheReportSaysWhy() throws Exception {
		new Certificates(this.directory).issue("server", 20)
			.store("server", "secret")
			.storeWithoutKey("server", "trust", "secret");
		String keystore = "--spring.ssl.bundle.jks.mine.keystore.";
		assertReport(List.of(), List.of(), Map.of("TCP_SERVER_SSL_BUNDLE", "mine", "TCP_SERVER_SSL_CLIENTAUTH", "need"),
				List.of(keystore + "location=file:" + this.directory.resolve("server.p12"),
						keystore + "password=secret",
						"--spring.ssl.bundle.jks.mine.truststore.location=file:" + this.directory.resolve("trust.p12"),
						"--spring.ssl.bundle.jks.mine.truststore.password=secret"),
				"Property: tcp.server.ssl.bundle", "Value: \"mine\"", "\"TCP_SERVER_SSL_BUNDLE\"",
				"truststore has no trusted certificate");
	}

	@Test
	void whenTheEnvironmentIsWrongInSeveralWaysThenAllIsReportedAtOnce() throws Exception {
		assertReport(List.of(), List.of("-Djava.io.tmpdir=/nowhere/at/all", "-Dtcp.server.backlog=0"),
				Map.of("TCP_SERVER_MAXCONECTIONS", "1", "TCP_SERVER_DRAIN_GRACEPERIOD", "366d"), List.of(),
				"Folder for temporary files: /nowhere/at/all", "Variable: TCP_SERVER_MAXCONECTIONS",
				"did you mean TCP_SERVER_MAXCONNECTIONS?", "\"TCP_SERVER_DRAIN_GRACEPERIOD\"", "0 to 1d",
				"Origin: system property -Dtcp.server.backlog");
	}

	@Test
	void whenAFileIsNoYamlThenTheReportLooksAsAnyOther() throws Exception {
		Files.writeString(this.directory.resolve("application.yml"), "tcp:\n\tserver:\n");
		assertReport(List.of(), List.of(), Map.of(), List.of(), "application.yml] - 2:1", "there is a tab");
	}

	private void assertReport(List<String> prefix, List<String> options, Map<String, String> environment,
			List<String> arguments, String... texts) throws Exception {
		try (WeirProcess weir = WeirProcess.start(prefix, options, this.directory, environment,
				arguments.toArray(String[]::new))) {
			assertThat(weir.exitCode()).as(weir::log).isEqualTo(1);
			// Spring Boot's pattern
			assertThat(weir.logBesidesTheJdk())
				.containsPattern("(?m)^\\S+T\\S+ ERROR \\d+ --- .* o\\.s\\.b\\.d\\.LoggingFailureAnalysisReporter +: $")
				.contains("APPLICATION FAILED TO START", "Description:", "Action:")
				.contains(texts)
				.doesNotContain("\tat ", " WARN ", " DEBUG ", "Exception");
			assertThat(weir.log().split("APPLICATION FAILED TO START", 2)[1]).doesNotContain("io.weir", "java.lang",
					"org.springframework", "bean");
		}
	}

}

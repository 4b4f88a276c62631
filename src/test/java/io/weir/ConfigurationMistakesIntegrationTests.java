package io.weir;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.web.context.support.StandardServletEnvironment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/**
 * The start reports each mistake in the user's words. The application runs in this JVM,
 * with environment variables of the test's, and ends before it starts anything.
 */
@ExtendWith(OutputCaptureExtension.class)
class ConfigurationMistakesIntegrationTests {

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path directory;

	// What is given | what the report says
	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					--tcp.server.prot=1                          | Property: tcp.server.prot; Value: "1"; Origin: command line argument --tcp.server.prot; did you mean tcp.server.port?
					--tcp.server.maxConections=1                 | Property: tcp.server.maxConections; did you mean tcp.server.max-connections?
					--tcp.server.colour=red                      | Property: tcp.server.colour; there is no such setting
					--tcp.server.interval=1s                     | did you mean tcp.server.keep-alive.interval or tcp.server.sampling.interval?
					--tcp.server.drain=5s                        | Property: tcp.server.drain; Value: "5s"; it is no setting but a group; tcp.server.drain.grace-period
					--tcp.server=5                               | Property: tcp.server; group of settings: tcp.server.enabled, tcp.server.host, tcp.server.port
					--tcp.server.port[0]=1                       | Property: tcp.server.port[0]; did you mean tcp.server.port?
					--tcp.server.port=abc                        | Property: tcp.server.port; Value: "abc"; command line argument --tcp.server.port; must be a whole number: 0 to 65535
					--tcp.server.port=99999999999                | Value: "99999999999"; must be a whole number: 0 to 65535
					--tcp.server.port=1.5                        | Value: "1.5"; must be a whole number: 0 to 65535
					--tcp.server.port=                           | Value: ""; it is empty; must be a whole number: 0 to 65535
					--tcp.server.port=${NOWHERE}                 | Value: "${NOWHERE}"; must be a whole number
					--tcp.server.records.output=syslog           | Property: tcp.server.records.output; Value: "syslog"; must be one of none, stdout, file
					--tcp.server.records.output=file             | Property: tcp.server.records.file; it must name the file to append records to
					--tcp.server.records.output=file --tcp.server.records.file=/nowhere/r.jsonl | Property: tcp.server.records.file; Value: "/nowhere/r.jsonl"; the folder /nowhere does not exist
					--tcp.server.records.output=file --tcp.server.records.file=/tmp | Value: "/tmp"; it is a folder
					--tcp.server.records.fields=a,b,c            | Property: tcp.server.records.fields; Value: "a, b, c"; command line argument --tcp.server.records.fields; 3 names for 6 values; '! I 2s Q 2h f' has 6
					--tcp.server.records.fields=a,b,c,a,at,f:hex | 'a' is there twice; 'at' is reserved; 'f:hex'; value 6 is none of them
					--tcp.server.max-connections=1M              | Value: "1M"; must be a whole number: 1 to 1000000
					--tcp.server.max-connections=2147483647      | Value: "2147483647"; must be a whole number: 1 to 1000000
					--tcp.server.backlog=many                    | Property: tcp.server.backlog; Value: "many"; must be a whole number: 1 to 2147483647
					--tcp.server.no-delay=maybe                  | Property: tcp.server.no-delay; Value: "maybe"; must be true or false
					--tcp.server.reuse-port=                     | Property: tcp.server.reuse-port; it is empty; must be true or false
					--tcp.server.threads=virtul                  | Value: "virtul"; must be one of auto, virtual, platform; did you mean virtual?
					--tcp.server.threads=green                   | Value: "green"; must be one of auto, virtual, platform
					--tcp.server.health.full=down                | Property: tcp.server.health.full; Value: "down"; must be one of up, out-of-service
					--tcp.server.health.full=out-of-servise      | did you mean out-of-service?
					--tcp.server.ssl.client-auth=required        | Property: tcp.server.ssl.client-auth; Value: "required"; must be one of none, want, need
					--tcp.server.ssl.client-auth=nedd            | did you mean need?
					--tcp.server.chunk-size=12XB                 | Property: tcp.server.chunk-size; Value: "12XB"; must be a size, such as 512B, 64KB or 1MB: 1B to 16MB
					--tcp.server.chunk-size=17MB                 | Value: "17MB"; 1B to 16MB
					--tcp.server.receive-buffer-size=2GB         | Value: "2GB"; 1B to 2147483647B
					--tcp.server.send-buffer-size=-1             | Value: "-1"; 1B to 2147483647B
					--tcp.server.idle-timeout=soon               | Property: tcp.server.idle-timeout; Value: "soon"; must be a time with its unit, such as 500ms, 30s or 5m: 0 (never), or 100ms to 365d
					--tcp.server.idle-timeout=5                  | Value: "5"; a unit is missing: 5 is 5 milliseconds, 5s would be seconds; 0 (never), or 100ms to 365d
					--tcp.server.write-timeout=99ms              | Value: "99ms"; 0 (never), or 100ms to 365d
					--tcp.server.write-timeout=1.5s              | Value: "1.5s"; 500ms, 30s or 5m
					--tcp.server.write-timeout=9223372036854775807d | Value: "9223372036854775807d"; 100ms to 365d
					--tcp.server.ssl.handshake-timeout=30        | a unit is missing: 30 is 30 milliseconds, 30s would be seconds
					--tcp.server.drain.grace-period=PT2562047788015215H30M7S | Value: "PT2562047788015215H30M7S"; 0 to 1d
					--tcp.server.drain.delay=-1s                 | Value: "-1s"; 0 to 1d
					--tcp.server.sampling.interval=1ns           | Value: "1ns"; 0 (off), or 50ms to 1h
					--tcp.server.sampling.interval=2             | a unit is missing: 2 is 2 milliseconds, 2s would be seconds
					--tcp.server.sampling.interval=110000d       | Value: "110000d"; 0 (off), or 50ms to 1h
					--tcp.server.metrics.connections=100001      | Property: tcp.server.metrics.connections; a whole number: 0 to 100000
					--tcp.server.keep-alive.idle=60              | a unit is missing: 60 is 60 milliseconds; 1s to 32767s
					--tcp.server.keep-alive.count=128            | a whole number: 1 to 127
					--tcp.server.record-format=!y                | Property: tcp.server.record-format; Value: "!y"; 'y'
					--tcp.server.record-format=                  | Property: tcp.server.record-format; a record of no bytes
					--tcp.server.record-format=${x}              | Property: tcp.server.record-format; Value: "${x}"
					--tcp.server.port=70000 --tcp.server.max-connections=0 --tcp.server.chunk-size=0 --tcp.server.prot=1 | Property: tcp.server.port; Property: tcp.server.max-connections; Property: tcp.server.chunk-size; Property: tcp.server.prot
					--tcp.server.proxy-protocol.enabled=true     | Property: tcp.server.proxy-protocol.trusted; it is empty, and tcp.server.proxy-protocol.enabled is true; such as 10.0.0.0/8
					--tcp.server.proxy-protocol.timeout=5        | a unit is missing: 5 is 5 milliseconds; 100ms to 60s
					--tcp.server.proxy-protocol=true             | it is no setting but a group of settings: tcp.server.proxy-protocol.enabled
					--tcp.server.allow=10.0.0.0/8,10.1.2.3/16    | Property: tcp.server.allow; Value: "10.0.0.0/8,10.1.2.3/16"; command line argument --tcp.server.allow; '10.1.2.3/16' has bits set after the first 16: the prefix is 10.1.0.0/16
					--tcp.server.deny[0]=10.0.0.0/8 --tcp.server.deny[1]=2001:db8::7/64 | Property: tcp.server.deny[1]; Value: "2001:db8::7/64"; the prefix is 2001:db8::/64
					--tcp.server.deny=localhost                  | Property: tcp.server.deny; 'localhost' is not an IPv4 or IPv6 address or prefix, such as 10.1.2.3, 10.1.0.0/16 or 2001:db8::/32
					--tcp.server.max-connections-per-address=many | Property: tcp.server.max-connections-per-address; Value: "many"; must be a whole number: 0 to 100000
					TCP_SERVER_ALLOW_0=10.1                      | Property: tcp.server.allow[0]; Value: "10.1"; "TCP_SERVER_ALLOW_0"; '10.1' is not an IPv4 or IPv6 address or prefix
					TCP_SERVER_PROXYPROTOCOL_ENABLED=true        | Property: tcp.server.proxy-protocol.trusted; it is empty
					TCP_SERVER_PROXYPROTOCOL_TRUSTD=10.0.0.1     | did you mean TCP_SERVER_PROXYPROTOCOL_TRUSTED?
					yaml tcp.server:\\n  deny: [10.0.0.0/8, 10.0.0.1/8] | Property: tcp.server.deny[1]; Value: "10.0.0.1/8"; mistake.yml] - 2:22; the prefix is 10.0.0.0/8
					--server.port=abc                            | Property: server.port; Value: "abc"; must be a whole number: -1 to 65535
					--server.port=70000                          | Property: server.port; Value: "70000"; -1 to 65535
					--server.address=nowhere.invalid             | Property: server.address; 'nowhere.invalid' is no address, and as a name it does not resolve
					--management.server.port=70000               | Property: management.server.port; Value: "70000"; -1 to 65535
					--management.server.address=256.0.0.1.invalid | Property: management.server.address; is no address
					--logging.level.root=LOUD                    | Property: logging.level.root; Value: "LOUD"; must be one of trace, debug, info, warn, error, fatal, off
					--java.io.tmpdir=/nowhere/at/all             | Folder for temporary files: /nowhere/at/all; does not exist; -Djava.io.tmpdir
					--spring.application.json={                  | Property: spring.application.json; it is no JSON object: line 1, column
					TCP_SERVER_MAXCONECTIONS=1                   | Variable: TCP_SERVER_MAXCONECTIONS; Value: "1"; there is no such setting; did you mean TCP_SERVER_MAXCONNECTIONS?
					TCP_SERVER_MAX_CONECTIONS=1                  | Variable: TCP_SERVER_MAX_CONECTIONS; did you mean TCP_SERVER_MAXCONNECTIONS?
					TCP_SERVER_COLOUR=red                        | Variable: TCP_SERVER_COLOUR; there is no such setting
					TCP_SERVER_=1                                | Variable: TCP_SERVER_; there is no such setting
					TCP_SERVER_PORT_0=1                          | Variable: TCP_SERVER_PORT_0; there is no such setting
					TCP_SERVER_SSL=true                          | Variable: TCP_SERVER_SSL; it is no setting but a group of settings: TCP_SERVER_SSL_BUNDLE
					TCP_SERVER_GRACEPERIOD=1s                    | did you mean TCP_SERVER_DRAIN_GRACEPERIOD?
					tcp_server_prot=1                            | Variable: tcp_server_prot; did you mean TCP_SERVER_PORT?
					TCP_SERVER_MAXCONNECTIONS=0                  | Property: tcp.server.max-connections; Value: "0"; "TCP_SERVER_MAXCONNECTIONS"; a whole number: 1 to 1000000
					TCP_SERVER_MAX_CONNECTIONS=0                 | Property: tcp.server.max-connections; Value: "0"; "TCP_SERVER_MAX_CONNECTIONS"; a whole number: 1 to 1000000
					TCP_SERVER_IDLETIMEOUT=                      | Property: tcp.server.idle-timeout; Value: ""; "TCP_SERVER_IDLETIMEOUT"; it is empty
					TCP_SERVER_IDLE_TIMEOUT=5                    | Property: tcp.server.idle-timeout; "TCP_SERVER_IDLE_TIMEOUT"; a unit is missing: 5 is
					TCP_SERVER_SSL_CLIENTAUTH=                   | Property: tcp.server.ssl.client-auth; Value: ""; "TCP_SERVER_SSL_CLIENTAUTH"; it is empty
					TCP_SERVER_RECORDS_FIELDS=a                  | Property: tcp.server.records.fields; "TCP_SERVER_RECORDS_FIELDS"; 1 names for 6 values
					TCP_SERVER_THREADS=                          | "TCP_SERVER_THREADS"; it is empty; one of auto, virtual, platform
					TCP_SERVER_KEEPALIVE_ENABLED=yess            | "TCP_SERVER_KEEPALIVE_ENABLED"; Value: "yess"; true or false
					TCP_SERVER_PORT=tcp://10.0.0.1:9999          | Property: tcp.server.port; Value: "tcp://10.0.0.1:9999"; "TCP_SERVER_PORT"; enableServiceLinks: false
					TCP_SERVER_REUSE_PORT=tcp://10.0.0.1:9999    | Property: tcp.server.reuse-port; "TCP_SERVER_REUSE_PORT"; enableServiceLinks: false
					SERVER_PORT=tcp://10.0.0.1:80                | Property: server.port; "SERVER_PORT"; enableServiceLinks: false
					SPRING_APPLICATION_JSON={"tcp":              | Property: spring.application.json; "SPRING_APPLICATION_JSON"; it is no JSON object: line 1, column 8
					SPRING_APPLICATION_JSON=[1]                  | Property: spring.application.json; "SPRING_APPLICATION_JSON"; it is no JSON object
					SPRING_APPLICATION_JSON={"tcp.server.backlog":0} | Property: tcp.server.backlog; Value: "0"; "SPRING_APPLICATION_JSON"
					SPRING_APPLICATION_JSON={"tcp":{"server":{"idle":1}}} | Property: tcp.server.idle; "SPRING_APPLICATION_JSON"; did you mean tcp.server.keep-alive.idle?
					yaml tcp:\\n  server:\\n    port: 70000        | Property: tcp.server.port; Value: "70000"; mistake.yml] - 3:11; 0 to 65535
					yaml tcp.server.prot: 1                      | Property: tcp.server.prot; mistake.yml] - 1:18; did you mean tcp.server.port?
					yaml tcp.server:\\n  Max_Conections: 1        | Property: tcp.server.Max_Conections; mistake.yml] - 2:19; did you mean tcp.server.max-connections?
					yaml tcp.server.port: [1, 2]                 | Property: tcp.server.port[0]; Property: tcp.server.port[1]; mistake.yml] - 1:
					yaml tcp.server:\\n  idle-timeout:            | Property: tcp.server.idle-timeout; Value: ""; mistake.yml] - 2:; it is empty
					yaml tcp:\\n  server:\\n    port: 1\\n    port: 2 | File:; mistake.yml] - 4:5; the key port is there a second time; a key may be there only once
					yaml tcp:\\n\\tserver:                         | File:; mistake.yml] - 2:1; there is a tab; YAML is indented by spaces
					yaml tcp:\\n  server:\\n\\tport: 1              | File:; mistake.yml] - 3:1; there is a tab
					yaml tcp:\\n  server:\\n   host: a\\n    port: 1 | File:; mistake.yml] - 4:9; a key can't stand here: the line is indented too far
					yaml tcp:\\n  server:\\n    host: a\\n   port: 1 | File:; mistake.yml] - 4:4; the line is not indented as those that it belongs to
					yaml tcp:\\n  server:\\n    host: a: b         | File:; mistake.yml] - 3:12; a value that has ': ' in it needs quotes
					yaml tcp:\\n  server:\\n    host: @a           | File:; mistake.yml] - 3:11; a value that begins with @ needs quotes
					yaml tcp:\\n  server:\\n  - port: 1\\n  x      | File:; mistake.yml] - 4:; can't be read as YAML
					yaml tcp.server.backlog: 1\\ntcp.server.port 1\\ntcp.server.threads: auto | File:; mistake.yml] - 3:; a ':' is missing behind a key
					yaml tcp:\\n  server:\\n  port: 1                  | Property: tcp.port; mistake.yml] - 3:9; did you mean tcp.server.port?
					yaml tcp:\\n  max-connections: 1              | Property: tcp.max-connections; did you mean tcp.server.max-connections?
					yaml tcp: {server: {port: 1}                 | File:; mistake.yml] - 1:; a ',' or a closing bracket is missing
					yaml tcp: "server                            | File:; mistake.yml] - 1:; a quote is not closed
					""")
	void whenAMistakeIsMadeThenTheReportSaysItInTheUsersWords(String given, String words, CapturedOutput output)
			throws IOException {
		assertThatException().isThrownBy(() -> start(WeirApplication.class, given).close());
		assertThat(output.toString()).contains("APPLICATION FAILED TO START");
		String report = output.toString().split("APPLICATION FAILED TO START", 2)[1];
		assertThat(report).contains("Description:", "Action:")
			.contains(words.split("; ", -1))
			.doesNotContain("io.weir", "java.lang", "java.net", "java.time", "java.util", "jakarta.",
					"org.springframework", "snakeyaml", "jackson", "Exception", "stack", "bean", "class ", "Bindable",
					"null", "\tat ");
		assertThat(output.toString()).doesNotContain(" WARN ");
	}

	@Test
	void whenAValueCanNotBeReadThenItComesWithoutTheOnesThatAreOutOfBounds(CapturedOutput output) {
		assertThatException()
			.isThrownBy(() -> start(WeirApplication.class, "--tcp.server.threads=green --tcp.server.max-connections=0")
				.close());
		assertThat(output).contains("Property: tcp.server.threads").doesNotContain("max-connections");
	}

	@Test
	void whenVariablesAreServiceLinksThenTheyAreIgnoredWithOneLine(CapturedOutput output) throws IOException {
		start(WeirApplication.class,
				"TCP_SERVER_SERVICE_HOST=10.0.0.1 TCP_SERVER_SERVICE_PORT=9999 "
						+ "TCP_SERVER_SERVICE_PORT_TCP=9999 TCP_SERVER_PORT_9999_TCP=tcp://10.0.0.1:9999 "
						+ "TCP_SERVER_PORT_9999_TCP_PROTO=tcp TCP_SERVER_PORT_9999_TCP_PORT=9999 "
						+ "TCP_SERVER_PORT_9999_TCP_ADDR=10.0.0.1 TCP_SERVER_METRICS_SERVICE_HOST=10.0.0.2 "
						+ "TCP_SERVER_METRICS_PORT=tcp://10.0.0.2:80 TCP_SERVER_METRICS_PORT_80_UDP_ADDR=10.0.0.2 "
						+ "--tcp.server.port=0 --server.port=0 --logging.level.io.weir.config=INFO")
			.close();
		assertThat(output.toString().lines().filter((line) -> line.contains("enableServiceLinks"))).singleElement()
			.asString()
			.contains(" INFO ", "TCP_SERVER_SERVICE_HOST, ", "TCP_SERVER_PORT_9999_TCP_ADDR, ",
					"TCP_SERVER_METRICS_SERVICE_HOST");
	}

	@ParameterizedTest
	@ValueSource(strings = { "TCP_SERVER_MAXCONNECTIONS=7", "TCP_SERVER_MAX_CONNECTIONS=7",
			"tcp_server_maxconnections=7", "SPRING_APPLICATION_JSON={\"tcp\":{\"server\":{\"maxConnections\":7}}}",
			"--tcp.server.maxConnections=7", "yaml tcp.server:\\n  MAX_CONNECTIONS: 7\\n  drain:\\n  ssl: {}",
			"yaml tcp.server:\\n  max-connections: ${N:7}\\n  backlog:" })
	void whenANameIsOfAFormThatSpringBindsThenItIsNoMistake(String given) throws IOException {
		try (ConfigurableApplicationContext context = start(Other.class, given)) {
			assertThat(context.getEnvironment().getPropertySources()).isNotEmpty();
		}
	}

	@Test
	void whenItIsAnotherApplicationThenAnUnknownVariableIsAWarning(CapturedOutput output) throws IOException {
		start(Other.class, "TCP_SERVER_MAXCONECTIONS=1 --server.port=70000").close();
		assertThat(output.toString().lines().filter((line) -> line.contains(" WARN "))).singleElement()
			.asString()
			.contains("TCP_SERVER_MAXCONECTIONS", "did you mean TCP_SERVER_MAXCONNECTIONS?");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
							yaml mine:\\n  a: b: c           | mapping values are not allowed here
					yaml mine: 1\\nmine: 2           | found duplicate key mine
					--logging.level.root=LOUD        | Failed to bind properties under 'logging.level.root'
					--server.port=IN_USE             | Web server failed to start. Port IN_USE was already in use.
					--spring.ssl.bundle.pem.mine.keystore.certificate=x --spring.ssl.bundle.pem.mine.reload-on-update=true | Unable to register SSL bundle
					""")
	void whenItIsAnotherApplicationThenMistakesThatAreNotWeirsAreReportedBySpringBoot(String given, String words,
			CapturedOutput output) throws IOException {
		try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			String port = Integer.toString(socket.getLocalPort());
			assertThatException()
				.isThrownBy(() -> start(OtherServer.class,
						given.startsWith("yaml ") ? given : given.replace("IN_USE", port)
								+ " --server.address=127.0.0.1 --tcp.server.port=0 --spring.main.banner-mode=off")
					.close());
			assertThat(output.toString()).contains(words.replace("IN_USE", port))
				.doesNotContain("The configuration can't be used", "The actuator could not listen",
						"Correct the bundle");
		}
	}

	@Test
	void whenItIsAnotherApplicationThenMistakesThatAreWeirsAreReportedByWeir(CapturedOutput output) {
		assertThatException().isThrownBy(() -> start(Other.class, "--tcp.server.port=70000").close());
		assertThat(output).contains("Property: tcp.server.port", "must be a whole number: 0 to 65535");
	}

	// Variables and arguments in any number, or YAML, where \n is a line break
	private ConfigurableApplicationContext start(Class<?> application, String given) throws IOException {
		List<String> arguments = new ArrayList<>();
		Map<String, Object> variables = new HashMap<>();
		if (given.startsWith("yaml ")) {
			Path file = this.directory.resolve("mistake.yml");
			Files.writeString(file, given.substring("yaml ".length()).replace("\\n", "\n").replace("\\t", "\t"));
			arguments.add("--spring.config.additional-location=file:" + file);
		}
		else {
			for (String each : given.split(" ", -1)) {
				if (each.startsWith("--")) {
					arguments.add(each);
				}
				else {
					String[] pair = each.split("=", 2);
					variables.put(pair[0], pair[1]);
				}
			}
		}
		boolean web = application != Other.class;
		StandardEnvironment environment = web ? new StandardServletEnvironment() : new StandardEnvironment();
		environment.getPropertySources()
			.replace("systemEnvironment", new SystemEnvironmentPropertySource("systemEnvironment", variables));
		return new SpringApplicationBuilder(application).environment(environment)
			.web(web ? WebApplicationType.SERVLET : WebApplicationType.NONE)
			.registerShutdownHook(false)
			.run(arguments.toArray(String[]::new));
	}

	@Configuration(proxyBeanMethods = false)
	static class Other {

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class OtherServer {

	}

}

package io.weir.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.validation.BindValidationException;
import org.springframework.boot.context.properties.bind.validation.ValidationErrors;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.boot.origin.OriginTrackedValue;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.Environment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.support.SpringFactoriesLoader;
import org.springframework.util.unit.DataSize;

import io.weir.protocol.Protocol;
import io.weir.server.ConnectionThreads;
import io.weir.tls.ClientAuth;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TcpServerProperties} and its {@code application.yml}.
 */
class TcpServerPropertiesTests {

	private @Nullable Environment environment;

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withInitializer((context) -> this.environment = context.getEnvironment())
		.withUserConfiguration(PropertiesOnly.class);

	@Test
	void whenNothingIsSetThenTheDefaultsHold() {
		assertThat(bind()).isEqualTo(new TcpServerProperties(true, "localhost", 9999, null, null, null, true, false,
				"echo-record", DataSize.ofBytes(1024), "! I 2s Q 2h f", ConnectionThreads.AUTO, 8192,
				Duration.ofMinutes(5), Duration.ofSeconds(30), Duration.ZERO, 1000, true,
				new TcpServerProperties.KeepAlive(true, Duration.ofMinutes(1), Duration.ofSeconds(10), 6),
				new TcpServerProperties.Drain(Duration.ZERO, Duration.ofSeconds(20)),
				new TcpServerProperties.ProxyProtocol(false, List.of(), Duration.ofSeconds(3)), List.of(), List.of(), 0,
				new TcpServerProperties.Health(FullReadiness.UP),
				new TcpServerProperties.Records(List.of(), RecordsTo.NONE, null, DataSize.ofMegabytes(100), 10),
				new TcpServerProperties.Ssl(null, ClientAuth.NONE, Duration.ofSeconds(10)),
				new TcpServerProperties.Sampling(Duration.ofSeconds(1)), new TcpServerProperties.Metrics(100)));
	}

	@Test
	void whenEverythingIsSetThenItIsTaken() {
		assertThat(bind("tcp.server.enabled=false", "tcp.server.host=", "tcp.server.port=0", "tcp.server.backlog=7",
				"tcp.server.receive-buffer-size=64KB", "tcp.server.send-buffer-size=70000",
				"tcp.server.reuse-address=false", "tcp.server.reuse-port=true", "tcp.server.protocol=discard",
				"tcp.server.chunk-size=2KB", "tcp.server.record-format=>H", "tcp.server.threads=platform",
				"tcp.server.max-connections=1", "tcp.server.idle-timeout=0", "tcp.server.write-timeout=1500ms",
				"tcp.server.max-connection-age=1h", "tcp.server.history=0", "tcp.server.no-delay=false",
				"tcp.server.keep-alive.enabled=false", "tcp.server.keep-alive.idle=2m",
				"tcp.server.keep-alive.interval=1s", "tcp.server.keep-alive.count=127", "tcp.server.drain.delay=3s",
				"tcp.server.drain.grace-period=0", "tcp.server.health.full=out-of-service",
				"tcp.server.records.fields=a, b:hex", "tcp.server.records.output=file",
				"tcp.server.records.file=/data/records.jsonl", "tcp.server.records.max-file-size=1MB",
				"tcp.server.records.max-files=1000", "tcp.server.ssl.bundle=mine", "tcp.server.ssl.client-auth=need",
				"tcp.server.ssl.handshake-timeout=0", "tcp.server.sampling.interval=0",
				"tcp.server.metrics.connections=0", "tcp.server.proxy-protocol.enabled=true",
				"tcp.server.proxy-protocol.trusted[0]=10.0.0.1", "tcp.server.proxy-protocol.trusted[1]=2001:db8::/32",
				"tcp.server.proxy-protocol.timeout=1m", "tcp.server.allow=10.0.0.0/8, ::ffff:11.0.0.1",
				"tcp.server.deny[0]=10.1.0.0/16", "tcp.server.max-connections-per-address=100000"))
			.isEqualTo(new TcpServerProperties(false, "", 0, 7, DataSize.ofKilobytes(64), DataSize.ofBytes(70_000),
					false, true, "discard", DataSize.ofKilobytes(2), ">H", ConnectionThreads.PLATFORM, 1, Duration.ZERO,
					Duration.ofMillis(1500), Duration.ofHours(1), 0, false,
					new TcpServerProperties.KeepAlive(false, Duration.ofMinutes(2), Duration.ofSeconds(1), 127),
					new TcpServerProperties.Drain(Duration.ofSeconds(3), Duration.ZERO),
					new TcpServerProperties.ProxyProtocol(true, List.of("10.0.0.1", "2001:db8::/32"),
							Duration.ofMinutes(1)),
					List.of("10.0.0.0/8", "::ffff:11.0.0.1"), List.of("10.1.0.0/16"), 100_000,
					new TcpServerProperties.Health(FullReadiness.OUT_OF_SERVICE),
					new TcpServerProperties.Records(List.of("a", "b:hex"), RecordsTo.FILE, "/data/records.jsonl",
							DataSize.ofMegabytes(1), 1000),
					new TcpServerProperties.Ssl("mine", ClientAuth.NEED, Duration.ZERO),
					new TcpServerProperties.Sampling(Duration.ZERO), new TcpServerProperties.Metrics(0)));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '"',
			textBlock = """
					port                   | -1                         | a whole number: 0 to 65535
					port                   | 65536                      | a whole number: 0 to 65535
					backlog                | 0                          | a whole number: 1 to 2147483647
					receive-buffer-size    | 0                          | a size, such as 512B, 64KB or 1MB: 1B to 2147483647B
					receive-buffer-size    | 2147483648B                | a size, such as 512B, 64KB or 1MB: 1B to 2147483647B
					receive-buffer-size    | -1B                        | a size, such as 512B, 64KB or 1MB: 1B to 2147483647B
					send-buffer-size       | 0                          | a size, such as 512B, 64KB or 1MB: 1B to 2147483647B
					send-buffer-size       | 2147483648B                | a size, such as 512B, 64KB or 1MB: 1B to 2147483647B
					send-buffer-size       | -1B                        | a size, such as 512B, 64KB or 1MB: 1B to 2147483647B
					chunk-size             | 0                          | a size, such as 512B, 64KB or 1MB: 1B to 16MB
					chunk-size             | 16777217B                  | a size, such as 512B, 64KB or 1MB: 1B to 16MB
					chunk-size             | 17MB                       | a size, such as 512B, 64KB or 1MB: 1B to 16MB
					record-format          | ! I 2y                     | 'y'
					record-format          | !                          | a record of no bytes
					record-format          | 0s                         | a record of no bytes
					record-format          | 16777217s                  | a record of 16777217 bytes
					history                | -1                         | a whole number: 0 to 100000
					history                | 100001                     | a whole number: 0 to 100000
					max-connection-age     | 5                          | a time with its unit, such as 500ms, 30s or 5m: 0 (never), or 100ms to 365d
					max-connection-age     | 366d                       | a time with its unit, such as 500ms, 30s or 5m: 0 (never), or 100ms to 365d
					max-connections        | 0                          | a whole number: 1 to 1000000
					max-connections        | 1000001                    | a whole number: 1 to 1000000
					max-connections        | 2147483647                 | a whole number: 1 to 1000000
					idle-timeout           | -1ns                       | a time with its unit, such as 500ms, 30s or 5m: 0 (never), or 100ms to 365d
					idle-timeout           | 99ms                       | a time with its unit, such as 500ms, 30s or 5m: 0 (never), or 100ms to 365d
					idle-timeout           | 1ns                        | a time with its unit, such as 500ms, 30s or 5m: 0 (never), or 100ms to 365d
					idle-timeout           | 31536000001ms              | a time with its unit, such as 500ms, 30s or 5m: 0 (never), or 100ms to 365d
					idle-timeout           | 366d                       | a time with its unit, such as 500ms, 30s or 5m: 0 (never), or 100ms to 365d
					write-timeout          | -1ns                       | a time with its unit, such as 500ms, 30s or 5m: 0 (never), or 100ms to 365d
					write-timeout          | 99ms                       | a time with its unit, such as 500ms, 30s or 5m: 0 (never), or 100ms to 365d
					write-timeout          | 1ns                        | a time with its unit, such as 500ms, 30s or 5m: 0 (never), or 100ms to 365d
					write-timeout          | 31536000001ms              | a time with its unit, such as 500ms, 30s or 5m: 0 (never), or 100ms to 365d
					write-timeout          | 366d                       | a time with its unit, such as 500ms, 30s or 5m: 0 (never), or 100ms to 365d
					ssl.handshake-timeout  | -1ns                       | a time with its unit, such as 500ms, 30s or 5m: 0 (never), or 100ms to 365d
					ssl.handshake-timeout  | 99ms                       | a time with its unit, such as 500ms, 30s or 5m: 0 (never), or 100ms to 365d
					ssl.handshake-timeout  | 1ns                        | a time with its unit, such as 500ms, 30s or 5m: 0 (never), or 100ms to 365d
					ssl.handshake-timeout  | 31536000001ms              | a time with its unit, such as 500ms, 30s or 5m: 0 (never), or 100ms to 365d
					ssl.handshake-timeout  | 366d                       | a time with its unit, such as 500ms, 30s or 5m: 0 (never), or 100ms to 365d
					keep-alive.idle        | 0s                         | a time with its unit, such as 500ms, 30s or 5m: 1s to 32767s
					keep-alive.idle        | 999ms                      | a time with its unit, such as 500ms, 30s or 5m: 1s to 32767s
					keep-alive.idle        | 32768s                     | a time with its unit, such as 500ms, 30s or 5m: 1s to 32767s
					keep-alive.interval    | 0s                         | a time with its unit, such as 500ms, 30s or 5m: 1s to 32767s
					keep-alive.interval    | 999ms                      | a time with its unit, such as 500ms, 30s or 5m: 1s to 32767s
					keep-alive.interval    | 32768s                     | a time with its unit, such as 500ms, 30s or 5m: 1s to 32767s
					keep-alive.count       | 0                          | a whole number: 1 to 127
					keep-alive.count       | 128                        | a whole number: 1 to 127
					drain.delay            | -1s                        | a time with its unit, such as 500ms, 30s or 5m: 0 to 1d
					drain.delay            | 86400001ms                 | a time with its unit, such as 500ms, 30s or 5m: 0 to 1d
					drain.delay            | PT2562047788015215H30M7S   | a time with its unit, such as 500ms, 30s or 5m: 0 to 1d
					drain.grace-period     | -1s                        | a time with its unit, such as 500ms, 30s or 5m: 0 to 1d
					drain.grace-period     | 86400001ms                 | a time with its unit, such as 500ms, 30s or 5m: 0 to 1d
					drain.grace-period     | PT2562047788015215H30M7S   | a time with its unit, such as 500ms, 30s or 5m: 0 to 1d
					sampling.interval      | 1ns                        | a time with its unit, such as 500ms, 30s or 5m: 0 (off), or 50ms to 1h
					sampling.interval      | 49ms                       | a time with its unit, such as 500ms, 30s or 5m: 0 (off), or 50ms to 1h
					sampling.interval      | 3600001ms                  | a time with its unit, such as 500ms, 30s or 5m: 0 (off), or 50ms to 1h
					sampling.interval      | 110000d                    | a time with its unit, such as 500ms, 30s or 5m: 0 (off), or 50ms to 1h
					sampling.interval      | -1s                        | a time with its unit, such as 500ms, 30s or 5m: 0 (off), or 50ms to 1h
					proxy-protocol.timeout | 99ms                       | a time with its unit, such as 500ms, 30s or 5m: 100ms to 60s
					proxy-protocol.timeout | 0                          | a time with its unit, such as 500ms, 30s or 5m: 100ms to 60s
					proxy-protocol.timeout | 60001ms                    | a time with its unit, such as 500ms, 30s or 5m: 100ms to 60s
					proxy-protocol.trusted | 10.1                       | '10.1' is not an IPv4 or IPv6 address or prefix
					allow                  | 10.0.0.0/33                | '10.0.0.0/33' must have 0 to 32 after its /
					deny                   | 10.1.2.3/16                | '10.1.2.3/16' has bits set after the first 16: the prefix is 10.1.0.0/16
					max-connections-per-address | -1                    | a whole number: 0 to 100000
					max-connections-per-address | 100001                | a whole number: 0 to 100000
					metrics.connections    | -1                         | a whole number: 0 to 100000
					metrics.connections    | 100001                     | a whole number: 0 to 100000
					records.max-file-size  | 1048575B                   | a size, such as 512B, 64KB or 1MB: 1MB to 100GB
					records.max-file-size  | 107374182401B              | a size, such as 512B, 64KB or 1MB: 1MB to 100GB
					records.max-files      | 0                          | a whole number: 1 to 1000
					records.max-files      | 1001                       | a whole number: 1 to 1000
					""")
	void whenAValueIsOutOfBoundsThenItIsNamedWithTheReason(String key, String value, String reason) {
		this.runner.withPropertyValues("tcp.server." + key + "=" + value).run((context) -> {
			String description = report(context.getStartupFailure()).getDescription();
			assertThat(description).contains("Property: tcp.server." + key, "Value: \"" + value + "\"",
					"Origin: \"tcp.server." + key + "\" from property source \"test\"", reason);
		});
	}

	@ParameterizedTest
	@CsvSource({ "port, 0", "port, 65535", "backlog, 1", "backlog, 2147483647", "receive-buffer-size, 1B",
			"send-buffer-size, 2147483647", "chunk-size, 1", "chunk-size, 16MB", "record-format, 16777216s",
			"max-connections, 1", "max-connections, 1000000", "idle-timeout, 0", "idle-timeout, 100",
			"write-timeout, 365d", "ssl.handshake-timeout, 100ms", "keep-alive.idle, 1s", "keep-alive.interval, 32767s",
			"keep-alive.count, 127", "drain.delay, 1ms", "drain.grace-period, 24h", "sampling.interval, 50ms",
			"sampling.interval, 1h", "proxy-protocol.timeout, 100", "allow, 0.0.0.0/0", "allow, ''", "deny, ::/128",
			"proxy-protocol.enabled, false", "max-connections-per-address, 100000", "records.max-file-size, 1MB",
			"records.max-file-size, 100GB", "records.max-files, 1000", "records.output, STDOUT",
			"metrics.connections, 100000", "health.full, OUT_OF_SERVICE" })
	void whenAValueIsAtABoundThenItIsTaken(String key, String value) {
		this.runner.withPropertyValues("tcp.server." + key + "=" + value)
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@ParameterizedTest
	@CsvSource({ "port, abc", "backlog, many", "receive-buffer-size, 12XB", "threads, green", "idle-timeout, soon",
			"no-delay, maybe", "keep-alive.count, 1.5", "ssl.client-auth, perhaps", "max-connections, 99999999999" })
	void whenAValueDoesNotConvertThenItIsNamedAlone(String key, String value) {
		this.runner.withPropertyValues("tcp.server." + key + "=" + value, "tcp.server.metrics.connections=-1")
			.run((context) -> {
				FailureAnalysis analysis = report(context.getStartupFailure());
				assertThat(analysis.getDescription()).contains("tcp.server." + key, value);
				assertThat(analysis.getAction()).isNotBlank();
			});
	}

	@Test
	void whenSeveralValuesAreBadThenAllAreReportedAtOnce() {
		this.runner
			.withPropertyValues("tcp.server.port=-1", "tcp.server.max-connections=0", "tcp.server.chunk-size=0",
					"tcp.server.record-format=! I 2y", "tcp.server.keep-alive.count=0",
					"tcp.server.drain.grace-period=-1s", "tcp.server.metrics.connections=-1")
			.run((context) -> {
				ValidationErrors errors = validationErrors(context.getStartupFailure());
				assertThat(errors.getAllErrors()).hasSize(7);
				assertThat(report(context.getStartupFailure()).getDescription()).contains("tcp.server.port",
						"tcp.server.max-connections", "tcp.server.chunk-size", "tcp.server.record-format",
						"tcp.server.keep-alive.count", "tcp.server.drain.grace-period",
						"tcp.server.metrics.connections");
			});
	}

	@ParameterizedTest
	@ValueSource(strings = { "{0}", "$", "$ {x}", "#{1}", "\\", "a'b", "{", "\\{", "{message}",
			"y{jakarta.validation.constraints.NotNull.message}" })
	void whenAFormatLooksLikeAnExpressionThenItIsShownAsItIs(String format) {
		MapPropertySource source = new MapPropertySource("test", Map.of("tcp.server.record-format", format));
		this.runner.withInitializer((context) -> context.getEnvironment().getPropertySources().addFirst(source))
			.run((context) -> assertThat(validationErrors(context.getStartupFailure()).getAllErrors()).singleElement()
				.satisfies((error) -> assertThat(error.getDefaultMessage()).contains(format)));
	}

	@ParameterizedTest
	@ValueSource(strings = { "tcp.server.prot", "tcp.server.keep-alive.idel", "tcp.server.ports" })
	void whenAKeyIsUnknownThenItIsRefused(String key) {
		this.runner.withPropertyValues(key + "=1")
			.run((context) -> assertThat(report(context.getStartupFailure()).getDescription()).contains(key));
	}

	@Test
	void whenSetByEnvironmentVariablesThenTheirNamesAreRelaxed() {
		Map<String, Object> environment = Map.of("TCP_SERVER_MAXCONNECTIONS", "1", "TCP_SERVER_KEEPALIVE_IDLE", "2m",
				"TCP_SERVER_DRAIN_GRACEPERIOD", "3s", "TCP_SERVER_RECEIVEBUFFERSIZE", "64KB", "TCP_SERVER_PROTOCOL",
				"ECHO_RECORD", "TCP_SERVER_RECORDFORMAT", "<I");
		environment(environment).run((context) -> {
			TcpServerProperties properties = context.getBean(TcpServerProperties.class);
			assertThat(properties.maxConnections()).isEqualTo(1);
			assertThat(properties.keepAlive().idle()).isEqualTo(Duration.ofMinutes(2));
			assertThat(properties.drain().gracePeriod()).isEqualTo(Duration.ofSeconds(3));
			assertThat(properties.receiveBufferSize()).isEqualTo(DataSize.ofKilobytes(64));
			assertThat(properties.protocol()).isEqualTo("ECHO_RECORD");
			assertThat(properties.recordFormat()).isEqualTo("<I");
		});
	}

	@Test
	void whenAnEnvironmentVariableIsBadThenItIsTheOrigin() {
		environment(Map.of("TCP_SERVER_MAXCONNECTIONS", "0"))
			.run((context) -> assertThat(report(context.getStartupFailure()).getDescription())
				.contains("Origin: \"TCP_SERVER_MAXCONNECTIONS\" from property source \"systemEnvironment\""));
	}

	private ApplicationContextRunner environment(Map<String, Object> variables) {
		return this.runner.withInitializer((context) -> context.getEnvironment()
			.getPropertySources()
			.replace("systemEnvironment", new SystemEnvironmentPropertySource("systemEnvironment", variables)));
	}

	@Test
	void whenTheApplicationsYamlIsReadThenItHoldsTheDefaults() throws IOException {
		List<PropertySource<?>> sources = load(yaml());
		this.runner
			.withInitializer((context) -> sources
				.forEach((source) -> context.getEnvironment().getPropertySources().addFirst(source)))
			.run((context) -> assertThat(context.getBean(TcpServerProperties.class)).isEqualTo(bind()));
	}

	@Test
	void whenTheApplicationsYamlIsReadThenEveryKeyIsThere() throws IOException {
		// What is commented out has no default
		Map<String, String> commented = keys(yaml().replaceAll("(?m)^( +)# ([a-z-]+: \\S+)$", "$1$2"));
		Map<String, String> active = keys(yaml());
		List<String> unset = new ArrayList<>(commented.keySet());
		unset.removeAll(active.keySet());
		assertThat(unset).containsExactlyInAnyOrder("tcp.server.backlog", "tcp.server.receive-buffer-size",
				"tcp.server.send-buffer-size", "tcp.server.records.file", "tcp.server.ssl.bundle", "tcp.server.allow",
				"tcp.server.deny", "tcp.server.proxy-protocol.trusted");
		assertThat(commented.keySet()).containsExactlyInAnyOrderElementsOf(documentedKeys());
	}

	private static List<String> documentedKeys() throws IOException {
		String metadata = new ClassPathResource("META-INF/spring-configuration-metadata.json")
			.getContentAsString(StandardCharsets.UTF_8);
		// Hints have names too
		String properties = metadata.substring(0, metadata.indexOf("\"hints\""));
		Matcher name = Pattern.compile("\"name\": \"(tcp\\.server\\.[a-z.-]+)\"").matcher(properties);
		List<String> keys = new ArrayList<>();
		while (name.find()) {
			keys.add(name.group(1));
		}
		keys.removeAll(List.of("tcp.server.keep-alive", "tcp.server.drain", "tcp.server.health", "tcp.server.metrics",
				"tcp.server.sampling", "tcp.server.records", "tcp.server.ssl", "tcp.server.proxy-protocol"));
		assertThat(keys).hasSizeGreaterThan(20).doesNotHaveDuplicates();
		return keys;
	}

	private static String yaml() throws IOException {
		return new ClassPathResource("application.yml").getContentAsString(StandardCharsets.UTF_8);
	}

	private static List<PropertySource<?>> load(String yaml) throws IOException {
		return new YamlPropertySourceLoader().load("application.yml",
				new ByteArrayResource(yaml.getBytes(StandardCharsets.UTF_8)));
	}

	private static Map<String, String> keys(String yaml) throws IOException {
		Map<String, String> keys = new TreeMap<>();
		for (PropertySource<?> source : load(yaml)) {
			for (String name : ((EnumerablePropertySource<?>) source).getPropertyNames()) {
				if (name.startsWith("tcp.server.")) {
					Object value = Objects.requireNonNull(source.getProperty(name));
					keys.put(name, (value instanceof OriginTrackedValue tracked) ? tracked.getValue().toString()
							: value.toString());
				}
			}
		}
		return new LinkedHashMap<>(keys);
	}

	private TcpServerProperties bind(String... values) {
		TcpServerProperties[] bound = new TcpServerProperties[1];
		this.runner.withPropertyValues(values).run((context) -> {
			assertThat(context).hasNotFailed();
			bound[0] = context.getBean(TcpServerProperties.class);
		});
		return bound[0];
	}

	private static ValidationErrors validationErrors(@Nullable Throwable failure) {
		for (@Nullable
		Throwable cause = failure; cause != null; cause = cause.getCause()) {
			if (cause instanceof BindValidationException invalid) {
				return invalid.getValidationErrors();
			}
		}
		throw new AssertionError("no validation error", failure);
	}

	// As Spring Boot would report it
	private FailureAnalysis report(@Nullable Throwable failure) {
		Objects.requireNonNull(failure, "it started");
		Environment environment = Objects.requireNonNull(this.environment);
		for (FailureAnalyzer analyzer : SpringFactoriesLoader.forDefaultResourceLocation()
			.load(FailureAnalyzer.class, SpringFactoriesLoader.ArgumentResolver.of(Environment.class, environment),
					(type, name, problem) -> {
					})) {
			FailureAnalysis analysis = analyzer.analyze(failure);
			if (analysis != null) {
				return analysis;
			}
		}
		throw new AssertionError("no report", failure);
	}

	@Configuration(proxyBeanMethods = false)
	@EnableConfigurationProperties(TcpServerProperties.class)
	static class PropertiesOnly {

	}

}

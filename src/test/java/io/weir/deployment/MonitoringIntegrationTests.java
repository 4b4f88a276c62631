package io.weir.deployment;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

import io.weir.WeirApplication;
import io.weir.server.TcpServer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Compares the alert rules and the dashboard with a scrape of the running application:
 * each metric, and each label that they select or show, must be published.
 */
class MonitoringIntegrationTests {

	private static final Pattern SELECTOR = Pattern
		.compile("\\b((?:tcp|jvm|process|http|system)_\\w+)(?:\\{([^}]*)})?");

	private static final Pattern MATCHER = Pattern.compile("(\\w+)(=~|=)\"([^\"]*)\"");

	private static final Pattern SAMPLE = Pattern.compile("(\\w+)(?:\\{(.*)})? \\S+");

	private static final Pattern LABEL = Pattern.compile("(\\w+)=\"([^\"]*)\"");

	private static final Pattern SHOWN = Pattern.compile("\\{\\{(\\w+)}}");

	/**
	 * Labels that Prometheus and its operator add.
	 */
	private static final Set<String> TARGET_LABELS = Set.of("job", "instance", "namespace", "pod");

	@SuppressWarnings("NullAway.Init")
	private static ConfigurableApplicationContext context;

	@SuppressWarnings("NullAway.Init")
	private static Socket client;

	@SuppressWarnings("NullAway.Init")
	private static List<Series> scrape;

	@BeforeAll
	static void scrapeWhileConnected() throws IOException {
		context = new SpringApplicationBuilder(WeirApplication.class).run("--tcp.server.port=0", "--server.port=0",
				"--tcp.server.backlog=64", "--tcp.server.receive-buffer-size=64KB",
				"--tcp.server.send-buffer-size=64KB", "--tcp.server.sampling.interval=50ms");
		client = new Socket(InetAddress.getLoopbackAddress(),
				Objects.requireNonNull(context.getBean(TcpServer.class).address()).getPort());
		OutputStream out = client.getOutputStream();
		out.write("data\n".getBytes(StandardCharsets.US_ASCII));
		assertThat(client.getInputStream().readNBytes(5)).hasSize(5);
		// A round-trip time is known after the first sample, and all else a moment later
		scrape = Awaitility.await()
			.during(Duration.ofMillis(500))
			.atMost(Duration.ofSeconds(20))
			.until(MonitoringIntegrationTests::scrape,
					(all) -> all.stream().anyMatch((series) -> series.name().equals("tcp_server_rtt_seconds")));
	}

	@AfterAll
	static void stop() throws IOException {
		client.close();
		context.close();
	}

	@Test
	void rulesAskForWhatIsPublished() throws IOException {
		Map<String, List<Map<String, List<Map<String, String>>>>> file = new Yaml()
			.load(Files.readString(Path.of("src/prometheus/weir-rules.yml")));
		List<String> expressions = Objects.requireNonNull(file.get("groups"))
			.stream()
			.flatMap((group) -> Objects.requireNonNull(group.get("rules")).stream())
			.map((rule) -> Objects.requireNonNull(rule.get("expr")))
			.toList();
		assertThat(expressions).hasSizeGreaterThanOrEqualTo(8).allSatisfy(MonitoringIntegrationTests::isPublished);
	}

	@Test
	void panelsAskForWhatIsPublishedAndAreExplained() throws IOException {
		List<Map<String, Object>> panels = panels();
		assertThat(panels).hasSizeGreaterThan(20).allSatisfy((panel) -> {
			assertThat((String) panel.get("title")).isNotBlank();
			assertThat((String) panel.get("description")).endsWith(".");
			assertThat(panel.toString()).contains("unit=");
			for (Map<String, String> target : targets(panel)) {
				String expression = Objects.requireNonNull(target.get("expr"));
				isPublished(expression);
				Set<String> labels = selectors(expression)
					.flatMap((selector) -> scrape.stream()
						.filter(selector::selects)
						.flatMap((one) -> one.labels().keySet().stream()))
					.collect(Collectors.toSet());
				labels.addAll(TARGET_LABELS);
				Matcher shown = SHOWN.matcher(Objects.requireNonNull(target.get("legendFormat")));
				while (shown.find()) {
					assertThat(labels).as("label shown for %s", expression).contains(shown.group(1));
				}
			}
		});
		assertThat(panels).extracting((panel) -> panel.get("id")).doesNotHaveDuplicates();
	}

	@Test
	void metricOfAnotherNameIsNotFound() {
		assertThat(new Selector("tcp_server_state", "state=\"full\"").isIn(scrape)).isTrue();
		assertThat(new Selector("tcp_server_states", "").isIn(scrape)).isFalse();
		assertThat(new Selector("tcp_server_state", "state=\"busy\"").isIn(scrape)).isFalse();
		assertThat(new Selector("tcp_server_state", "kind=\"full\"").isIn(scrape)).isFalse();
	}

	private static void isPublished(String expression) {
		assertThat(selectors(expression)).as(expression)
			.isNotEmpty()
			.allSatisfy((selector) -> assertThat(selector.isIn(scrape)).as(selector.toString()).isTrue());
	}

	private static Stream<Selector> selectors(String expression) {
		return SELECTOR.matcher(expression)
			.results()
			.map((found) -> new Selector(found.group(1), Objects.requireNonNullElse(found.group(2), "")));
	}

	@SuppressWarnings("unchecked")
	private static List<Map<String, Object>> panels() throws IOException {
		// JSON is YAML
		Map<String, Object> dashboard = new Yaml().load(Files.readString(Path.of("src/grafana/weir-dashboard.json")));
		List<Map<String, Object>> panels = (List<Map<String, Object>>) Objects.requireNonNull(dashboard.get("panels"));
		return panels.stream().filter((panel) -> !"row".equals(panel.get("type"))).toList();
	}

	@SuppressWarnings("unchecked")
	private static List<Map<String, String>> targets(Map<String, Object> panel) {
		return (List<Map<String, String>>) Objects.requireNonNull(panel.get("targets"));
	}

	private static List<Series> scrape() throws IOException, InterruptedException {
		URI uri = URI.create("http://localhost:%s/actuator/prometheus"
			.formatted(context.getEnvironment().getRequiredProperty("local.server.port")));
		try (HttpClient http = HttpClient.newHttpClient()) {
			String text = http.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()).body();
			List<Series> all = new ArrayList<>();
			text.lines().filter((line) -> !line.startsWith("#")).forEach((line) -> {
				Matcher sample = SAMPLE.matcher(line);
				assertThat(sample.matches()).as(line).isTrue();
				Map<String, String> labels = new HashMap<>();
				LABEL.matcher(Objects.requireNonNullElse(sample.group(2), ""))
					.results()
					.forEach((label) -> labels.put(label.group(1), label.group(2)));
				all.add(new Series(sample.group(1), labels));
			});
			return all;
		}
	}

	private record Series(String name, Map<String, String> labels) {
	}

	private record Selector(String name, String matchers) {

		private boolean isIn(List<Series> all) {
			return all.stream().anyMatch(this::selects);
		}

		private boolean selects(Series series) {
			return series.name().equals(this.name) && MATCHER.matcher(this.matchers)
				.results()
				.filter((matcher) -> !TARGET_LABELS.contains(matcher.group(1)))
				.allMatch((matcher) -> {
					String value = series.labels().get(matcher.group(1));
					return value != null && (matcher.group(2).equals("=") ? value.equals(matcher.group(3))
							: value.matches(matcher.group(3)));
				});
		}

	}

}

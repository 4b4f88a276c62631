package io.weir;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.awaitility.Awaitility;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * The executable jar as a process of its own.
 */
final class WeirProcess implements AutoCloseable {

	private static final Pattern TCP_PORT = Pattern.compile("Listening on [\\d.]+:(\\d+) ");

	private static final Pattern HTTP_PORT = Pattern.compile("Tomcat started on port (\\d+) ");

	private final Process process;

	// Not one that is slow to add to: the process would drop lines
	private final Queue<String> lines = new ConcurrentLinkedQueue<>();

	private final Thread reader;

	private WeirProcess(Process process) {
		this.process = process;
		this.reader = Thread.ofPlatform().daemon().unstarted(this::read);
	}

	private void read() {
		try (var output = this.process.inputReader(StandardCharsets.UTF_8)) {
			output.lines().forEach(this.lines::add);
		}
		catch (IOException | UncheckedIOException ex) {
			this.lines.add(ex.toString());
		}
	}

	/**
	 * Starts the jar on free ports, unless the arguments say otherwise.
	 */
	static WeirProcess start(Path directory, Map<String, String> environment, String... arguments) throws IOException {
		return start(List.of(), directory, environment, arguments);
	}

	static WeirProcess start(List<String> prefix, Path directory, Map<String, String> environment, String... arguments)
			throws IOException {
		return start(prefix, List.of(), directory, environment, arguments);
	}

	static WeirProcess start(List<String> prefix, List<String> options, Path directory, Map<String, String> environment,
			String... arguments) throws IOException {
		WeirProcess weir = startUnread(prefix, options, directory, environment, arguments);
		weir.startToRead();
		return weir;
	}

	/**
	 * Starts the jar without reading what it logs.
	 */
	static WeirProcess startUnread(List<String> prefix, List<String> options, Path directory,
			Map<String, String> environment, String... arguments) throws IOException {
		return startUnread(prefix, options, List.of("-jar", jar()), directory, environment, arguments);
	}

	/**
	 * Starts the jar as the image does, with jars behind it on the class path.
	 * @param application the folder that the jar was extracted to
	 * @param plugins a folder of jars
	 */
	static WeirProcess startWithPlugins(Path application, Path plugins, Path directory, Map<String, String> environment,
			String... arguments) throws IOException {
		Path jar = application.resolve(Path.of(jar()).getFileName());
		WeirProcess weir = startUnread(List.of(),
				List.of("--add-opens=java.base/java.lang=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED"),
				List.of("-cp", jar + ":" + plugins + "/*", "io.weir.WeirApplication"), directory, environment,
				arguments);
		weir.startToRead();
		return weir;
	}

	/**
	 * The executable jar.
	 */
	static String jar() {
		String jar = System.getProperty("weir.jar");
		assumeTrue(jar != null, "no system property weir.jar: the jar is tested after packaging");
		return jar;
	}

	private static WeirProcess startUnread(List<String> prefix, List<String> options, List<String> application,
			Path directory, Map<String, String> environment, String... arguments) throws IOException {
		List<String> command = new ArrayList<>(prefix);
		command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
		command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m"));
		command.addAll(options);
		command.addAll(application);
		if (List.of(arguments).stream().noneMatch((argument) -> argument.startsWith("--server.port="))) {
			command.add("--server.port=0");
		}
		command.addAll(List.of(arguments));
		ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
		builder.environment().keySet().removeIf((name) -> name.startsWith("TCP_") || name.startsWith("SPRING_"));
		builder.environment().putAll(environment);
		return new WeirProcess(builder.start());
	}

	/**
	 * Reads what it logs from now on.
	 */
	void startToRead() {
		this.reader.start();
	}

	WeirProcess awaitStarted() {
		Awaitility.await("the start").atMost(Duration.ofSeconds(60)).until(() -> {
			assertThat(this.process.isAlive()).as(this::log).isTrue();
			return this.lines.stream().anyMatch((line) -> line.contains("Started WeirApplication"));
		});
		return this;
	}

	/**
	 * Waits for the end and all that was logged.
	 */
	int exitCode() throws InterruptedException {
		int code = exitCode(Duration.ofSeconds(60));
		this.reader.join(Duration.ofSeconds(5));
		return code;
	}

	/**
	 * Waits for the end.
	 */
	int exitCode(Duration atMost) throws InterruptedException {
		assertThat(this.process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS))
			.as(() -> "the process ended within the time\n" + log())
			.isTrue();
		return this.process.exitValue();
	}

	// Process.destroy() would close the log's stream
	void terminate() {
		this.process.toHandle().destroy();
	}

	/**
	 * Sends a signal.
	 * @param name without SIG
	 */
	void signal(String name) throws InterruptedException {
		assertThat(Command.succeeds("sh", "-c", "kill -" + name + " " + pid())).isTrue();
	}

	/**
	 * Has the process do something by {@code jcmd}; skips the test where there is none.
	 */
	void jcmd(String... what) throws InterruptedException {
		Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
		assumeTrue(Files.isExecutable(jcmd), "there is no jcmd, which comes with a JDK");
		List<String> command = new ArrayList<>(List.of(jcmd.toString(), Long.toString(pid())));
		command.addAll(List.of(what));
		assertThat(Command.succeeds(command.toArray(String[]::new))).as(() -> String.join(" ", command)).isTrue();
	}

	boolean isAlive() {
		return this.process.isAlive();
	}

	long pid() {
		return this.process.pid();
	}

	int tcpPort() {
		return find(TCP_PORT);
	}

	Actuator actuator() {
		return new Actuator(find(HTTP_PORT));
	}

	private int find(Pattern pattern) {
		Matcher matcher = pattern.matcher(log());
		assertThat(matcher.find()).as(log()).isTrue();
		return Integer.parseInt(matcher.group(1));
	}

	String log() {
		return String.join("\n", this.lines);
	}

	List<String> lines() {
		return List.copyOf(this.lines);
	}

	/**
	 * The log without the finding about the JDK, which depends on the one that runs the
	 * tests.
	 */
	String logBesidesTheJdk() {
		return String.join("\n", this.lines.stream().filter((line) -> !line.contains(": jdk: ")).toList());
	}

	void awaitLog(String text) {
		Awaitility.await("\"" + text + "\" in the log").until(() -> log().contains(text));
	}

	@Override
	public void close() {
		this.process.destroyForcibly();
		try {
			this.process.waitFor(10, TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}

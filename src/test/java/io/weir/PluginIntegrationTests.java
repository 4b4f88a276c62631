package io.weir;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;

import javax.tools.ToolProvider;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Jars behind the service's own on the class path, as the image has them: one that works,
 * and what is told of those that don't.
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class PluginIntegrationTests {

	private static final String IMPORTS = "META-INF/spring/org.springframework.boot.autoconfigure.AutoConfiguration.imports";

	@TempDir
	@SuppressWarnings("NullAway.Init")
	static Path application;

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path directory;

	@BeforeAll
	static void extract() throws Exception {
		assertThat(
				Command.succeeds(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Djarmode=tools",
						"-jar", WeirProcess.jar(), "extract", "--destination", application.toString(), "--force"))
			.isTrue();
	}

	@Test
	void whenAPluginHasAHandlerThenItServes() throws Exception {
		Path jar = plugin("one.jar", "One", "first", "");
		try (WeirProcess weir = start("--tcp.server.protocol=FIRST").awaitStarted();
				Peer peer = Peer.connect(weir.tcpPort());
				Actuator actuator = weir.actuator()) {
			assertThat(peer.receiveToEnd()).asString(StandardCharsets.US_ASCII).isEqualTo("One");
			JsonNode server = actuator.json("/tcpserver");
			assertThat(server.at("/protocol").asString()).isEqualTo("first");
			assertThat(server.at("/protocolSource").asString()).isEqualTo("jar");
			assertThat(weir.logBesidesTheJdk()).contains("Plug-ins: " + jar)
				.doesNotContain("not on event loops", " WARN ");
		}
	}

	@Test
	void whenAnotherProtocolIsServedThenThePluginsIsAmongTheKnownOnes() throws Exception {
		plugin("one.jar", "One", "first", "");
		assertThat(report("--tcp.server.protocol=frist"))
			.contains("must be one of discard, echo, echo-record, first, record; did you mean first?");
	}

	@Test
	void whenTwoPluginsHaveAProtocolOfOneNameThenTheReportNamesBothJars() throws Exception {
		Path one = plugin("one.jar", "One", "same", "");
		Path two = plugin("two.jar", "Two", "same", "");
		assertThat(report()).contains("'same'", one.toString(), two.toString(), "another bean name");
	}

	@Test
	void whenAPluginHasABuiltInsNameThenTheReportNamesTheJar() throws Exception {
		Path jar = plugin("one.jar", "One", "Echo_Record", "");
		assertThat(report()).contains("Protocol: Echo_Record", jar.toString(), "the built-in protocol echo-record");
	}

	@Test
	void whenAConstructorThrowsThenTheReportNamesTheJarAndThePlace() throws Exception {
		Path jar = plugin("one.jar", "One", "first", "throw new IllegalStateException(\"no licence\");");
		assertThat(report()).contains("The plug-in " + jar, "com.example.One", "no licence");
	}

	@Test
	void whenAClassIsMissingThenTheReportNamesTheJarAndTheClass() throws Exception {
		Path jar = plugin("one.jar", "One", "first", "new Needed();", "Needed");
		assertThat(report()).contains("The plug-in " + jar, "it needs the class com.example.Needed");
	}

	@Test
	void whenTheRegisteredClassIsMissingThenTheReportNamesTheJarAndTheClass() throws Exception {
		Path jar = plugin("one.jar", "One", "first", "", "One");
		assertThat(report()).contains("The plug-in " + jar, "it needs the class com.example.One");
	}

	@Test
	void whenAFileIsNoJarThenTheReportNamesIt() throws Exception {
		Path jar = Files.writeString(plugins().resolve("torn.jar"), "PK, not really");
		assertThat(report()).contains("Plug-in: " + jar, "it can't be read as a jar");
	}

	private String report(String... arguments) throws Exception {
		try (WeirProcess weir = start(arguments)) {
			assertThat(weir.exitCode()).as(weir::log).isEqualTo(1);
			assertThat(weir.log()).contains("APPLICATION FAILED TO START").doesNotContain("\tat ");
			return weir.log().split("APPLICATION FAILED TO START", 2)[1];
		}
	}

	private WeirProcess start(String... arguments) throws IOException {
		List<String> all = new ArrayList<>(List.of(arguments));
		all.add("--tcp.server.port=0");
		return WeirProcess.startWithPlugins(application, plugins(), this.directory, Map.of(),
				all.toArray(String[]::new));
	}

	private Path plugins() throws IOException {
		return Files.createDirectories(this.directory.resolve("plugins"));
	}

	// A jar that lacks some of its classes, with an auto-configuration whose handler says
	// the class's name
	private Path plugin(String name, String type, String bean, String constructor, String... without)
			throws IOException {
		Path work = Files.createDirectories(this.directory.resolve(type));
		Path source = Files.writeString(work.resolve(type + ".java"), """
				package com.example;
				@org.springframework.boot.autoconfigure.AutoConfiguration
				public class %1$s {
					public %1$s() {
						%3$s
					}
					@org.springframework.context.annotation.Bean("%2$s")
					io.weir.api.ConnectionHandler handler() {
						return (connection) -> connection.outputStream().write("%1$s".getBytes());
					}
				}
				class Needed {
				}
				""".formatted(type, bean, constructor));
		assertThat(ToolProvider.getSystemJavaCompiler()
			.run(null, null, null, "-proc:none", "-d", work.toString(), "-classpath",
					System.getProperty("java.class.path"), source.toString()))
			.isZero();
		Path jar = plugins().resolve(name);
		try (OutputStream file = Files.newOutputStream(jar);
				JarOutputStream output = new JarOutputStream(file);
				Stream<Path> classes = Files.list(work.resolve("com/example"))) {
			output.putNextEntry(new JarEntry(IMPORTS));
			output.write(("com.example." + type).getBytes(StandardCharsets.UTF_8));
			for (Path each : classes.toList()) {
				String entry = each.getFileName().toString();
				if (Stream.of(without).noneMatch((missing) -> entry.equals(missing + ".class"))) {
					output.putNextEntry(new JarEntry("com/example/" + entry));
					Files.copy(each, output);
				}
			}
		}
		return jar;
	}

}

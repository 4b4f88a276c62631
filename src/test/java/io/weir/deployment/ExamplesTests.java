package io.weir.deployment;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Holds the examples against what the document shows of them, and against the build.
 */
class ExamplesTests {

	private static final Path EXAMPLES = Path.of("src/examples");

	private static final int MAX_LINES = 60;

	@Test
	void theDocumentShowsTheExampleAsItIs() throws IOException {
		String document = Files.readString(Path.of("src/docs/protocols.md"));
		Path lines = EXAMPLES.resolve("lines/src/main");
		assertThat(document).contains(
				"```java\n" + Files.readString(lines.resolve("java/com/example/lines/LinesApplication.java")) + "```\n",
				"```yaml\n" + Files.readString(lines.resolve("resources/application.yml")) + "```\n");
		String pom = Files.readString(EXAMPLES.resolve("lines/pom.xml"));
		String dependency = find("(?s)```xml\n(.*?)```", document);
		assertThat(pom.replaceAll("\\s+", " ")).contains(dependency.replaceAll("\\s+", " ").strip());
	}

	@Test
	void theReadmeShowsTheHandlerAsItIs() throws IOException {
		String plugin = Files.readString(EXAMPLES.resolve("frames/src/main/java/com/example/frames/FramesPlugin.java"));
		assertThat(Files.readString(Path.of("README.md")))
			.contains("```java\n" + find("(?s)\n(\t@Bean.*\n\t}\n)", plugin) + "```\n");
	}

	@Test
	void eachIsShort() throws IOException {
		try (Stream<Path> files = Files.walk(EXAMPLES)) {
			List<Path> sources = files.filter((file) -> file.toString().endsWith(".java")).toList();
			assertThat(sources).hasSize(2)
				.allSatisfy((file) -> assertThat(Files.readAllLines(file)).hasSizeLessThanOrEqualTo(MAX_LINES));
		}
	}

	@Test
	void eachHasTheVersionsOfTheBuild() throws IOException {
		String build = Files.readString(Path.of("pom.xml"));
		for (String example : List.of("lines", "frames")) {
			String pom = Files.readString(EXAMPLES.resolve(example).resolve("pom.xml"));
			String parent = "(?s)<artifactId>spring-boot-starter-parent</artifactId>\\s*<version>(.*?)</version>";
			assertThat(find(parent, pom)).as(example).isEqualTo(find(parent, build));
			String weir = "(?s)<artifactId>weir</artifactId>\\s*<version>(.*?)</version>";
			assertThat(find(weir, pom)).as(example).isEqualTo(find(weir, build));
		}
	}

	private static String find(String pattern, String text) {
		Matcher matcher = Pattern.compile(pattern).matcher(text);
		assertThat(matcher.find()).as(pattern).isTrue();
		return matcher.group(1);
	}

}

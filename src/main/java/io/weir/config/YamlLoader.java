package io.weir.config;

import java.io.IOException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;

import org.springframework.boot.env.PropertySourceLoader;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.env.PropertySource;
import org.springframework.core.io.Resource;

/**
 * Loads YAML as Spring Boot does. Of a file of the service's that is none it says which
 * one it is, where and why: the parser knows no file, and speaks of its tokens.
 */
class YamlLoader implements PropertySourceLoader {

	private static final Pattern DUPLICATE = Pattern.compile("found duplicate key (.*)", Pattern.DOTALL);

	private static final Pattern START = Pattern.compile("found character '([^\\\\])' that cannot start.*",
			Pattern.DOTALL);

	private final YamlPropertySourceLoader loader = new YamlPropertySourceLoader();

	@Override
	public String[] getFileExtensions() {
		return this.loader.getFileExtensions();
	}

	@Override
	public List<PropertySource<?>> load(String name, Resource resource) throws IOException {
		try {
			return this.loader.load(name, resource);
		}
		catch (YAMLException ex) {
			if (!Service.isStarting()) {
				throw ex;
			}
			throw new InvalidConfigurationException(List.of(mistake(resource, ex)),
					"Correct the file; a key may be there only once, and indentation is made of spaces", ex);
		}
	}

	private static Mistake mistake(Resource resource, YAMLException failure) {
		String reason = String.valueOf(failure.getMessage());
		String place = resource.getDescription();
		if (failure instanceof MarkedYAMLException marked) {
			Mark mark = marked.getProblemMark();
			reason = marked.getProblem();
			if (mark != null) {
				// As Spring Boot writes a place in a file
				place += " - %d:%d".formatted(mark.getLine() + 1, mark.getColumn() + 1);
			}
		}
		return new Mistake("File", place, null, null, "it can't be read as YAML: " + inPlainWords(reason));
	}

	private static String inPlainWords(String problem) {
		Matcher duplicate = DUPLICATE.matcher(problem);
		if (duplicate.matches()) {
			return "the key %s is there a second time".formatted(duplicate.group(1));
		}
		Matcher start = START.matcher(problem);
		if (start.matches()) {
			return "a value that begins with %s needs quotes".formatted(start.group(1));
		}
		return switch (problem) {
			case String tab when tab.contains("(TAB)") -> "there is a tab; YAML is indented by spaces";
			case "mapping values are not allowed here" ->
				"a key can't stand here: the line is indented too far, or a value that has ': ' in it needs quotes";
			case "sequence entries are not allowed here" ->
				"a list's '-' can't stand here: the line is indented too far, or stands behind a value";
			case String end when end.startsWith("expected <block end>") ->
				"the line is not indented as those that it belongs to";
			case "could not find expected ':'" ->
				"a ':' is missing behind a key, or the line is not indented far enough";
			case "found unexpected end of stream" -> "a quote is not closed";
			case String bracket when bracket.contains(", but got") -> "a ',' or a closing bracket is missing";
			default -> PlainText.of(problem);
		};
	}

}

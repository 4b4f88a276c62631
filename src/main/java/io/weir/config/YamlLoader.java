package io.weir.config;

import java.io.IOException;
import java.util.List;

import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;

import org.springframework.boot.env.PropertySourceLoader;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.env.PropertySource;
import org.springframework.core.io.Resource;

/**
 * Loads YAML as Spring Boot does, and says which file it is that is none: the parser does
 * not know.
 */
class YamlLoader implements PropertySourceLoader {

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
		return new Mistake("File", place, null, null, "it can't be read as YAML: " + PlainText.of(reason));
	}

}

package io.weir.config;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

import io.weir.records.RecordFields;
import io.weir.struct.StructFormat;
import io.weir.struct.StructFormatException;

/**
 * Looks whether the settings of records fit together, and whether their file can be
 * written.
 */
record RecordsCheck(Environment environment) {

	private static final String PREFIX = "tcp.server.records.";

	/**
	 * Finds the mistakes that a look at each setting alone does not find.
	 */
	List<Mistake> mistakes() {
		TcpServerProperties properties;
		try {
			properties = Binder.get(this.environment)
				.bindOrCreate("tcp.server", Bindable.of(TcpServerProperties.class));
		}
		catch (BindException ex) {
			// Reported already
			return List.of();
		}
		List<Mistake> mistakes = new ArrayList<>();
		String fields = fields(properties.records().fields(), properties.recordFormat());
		if (fields != null) {
			String given = String.join(", ", properties.records().fields());
			mistakes.add(new Mistake("Property", PREFIX + "fields", given, origin("fields"), fields));
		}
		String file = (properties.records().output() == RecordsTo.FILE) ? file(properties.records().file()) : null;
		if (file != null) {
			mistakes.add(Mistake.of(this.environment, PREFIX + "file", file));
		}
		return mistakes;
	}

	// A list in YAML has an origin for each item
	private @Nullable String origin(String name) {
		Mistake whole = Mistake.of(this.environment, PREFIX + name, "");
		return (whole.origin() != null) ? whole.origin()
				: Mistake.of(this.environment, PREFIX + name + "[0]", "").origin();
	}

	private static @Nullable String fields(List<String> fields, String format) {
		try {
			return RecordFields.problem(fields, StructFormat.parse(format));
		}
		catch (StructFormatException ex) {
			// Reported already
			return null;
		}
	}

	private static @Nullable String file(@Nullable String name) {
		if (name == null || name.isBlank()) {
			return "tcp.server.records.output is file, so it must name the file to append records to";
		}
		try {
			return file(Path.of(name).toAbsolutePath());
		}
		catch (InvalidPathException ex) {
			return "it is no path of a file: " + ex.getReason();
		}
	}

	private static @Nullable String file(Path file) {
		Path folder = file.getParent();
		if (folder == null || Files.isDirectory(file)) {
			return "it is a folder; name a file in it";
		}
		if (!Files.isDirectory(folder)) {
			return "the folder " + folder + " does not exist; make it, or mount one";
		}
		if (Files.exists(file) && !Files.isWritable(file)) {
			return "the file exists, and this process may not write to it";
		}
		boolean needsFolder = !Files.exists(file) || Files.isRegularFile(file);
		return (needsFolder && !Files.isWritable(folder))
				? "this process may not write to the folder " + folder + ", where files are made and renamed" : null;
	}

}

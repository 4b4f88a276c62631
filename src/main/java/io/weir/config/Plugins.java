package io.weir.config;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;

import org.jspecify.annotations.Nullable;

import io.weir.WeirApplication;

/**
 * The jars that stand behind Weir's own on the class path of the service:
 * {@code -cp 'weir.jar:plugins/*'}. As a library Weir has none.
 *
 * @param jars in the order of the class path
 * @param loader loads their classes
 */
record Plugins(List<Path> jars, ClassLoader loader) {

	private static final String IMPORTS = "META-INF/spring/org.springframework.boot.autoconfigure.AutoConfiguration.imports";

	/**
	 * The plug-ins of this process.
	 */
	static Plugins find() {
		return new Plugins(behind(serviceJar(), System.getProperty("java.class.path", "")),
				WeirApplication.class.getClassLoader());
	}

	static List<Path> behind(@Nullable Path weir, String classPath) {
		List<Path> jars = new ArrayList<>();
		boolean behind = false;
		if (weir != null) {
			for (String entry : classPath.split(File.pathSeparator, -1)) {
				Path path = Path.of(entry).toAbsolutePath().normalize();
				if (Files.isRegularFile(path)) {
					if (behind) {
						jars.add(path);
					}
					behind |= isSame(path, weir);
				}
			}
		}
		return jars;
	}

	// The JVM's class loader resolves links
	private static boolean isSame(Path one, Path other) {
		try {
			return Files.isSameFile(one, other);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	// Null if Weir's classes come from a folder, from a jar in a jar, or from the library
	private static @Nullable Path serviceJar() {
		CodeSource source = WeirApplication.class.getProtectionDomain().getCodeSource();
		try {
			if (source == null || !source.getLocation().getProtocol().equals("file")) {
				return null;
			}
			Path path = Path.of(source.getLocation().toURI());
			return (Files.isRegularFile(path) && starts(path)) ? path : null;
		}
		catch (IOException | URISyntaxException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static boolean starts(Path path) throws IOException {
		try (JarFile jar = new JarFile(path.toFile())) {
			Manifest manifest = jar.getManifest();
			return manifest != null && WeirApplication.class.getName()
				.equals(manifest.getMainAttributes().getValue(Attributes.Name.MAIN_CLASS));
		}
	}

	/**
	 * Finds those that the JVM would ignore without a word: it may not read them, or they
	 * are no jars.
	 */
	List<Mistake> unreadable() {
		List<Mistake> mistakes = new ArrayList<>();
		for (Path path : this.jars) {
			try (JarFile jar = new JarFile(path.toFile())) {
				jar.size();
			}
			catch (IOException ex) {
				String reason = Files.isReadable(path)
						? "it can't be read as a jar: " + PlainText.of(String.valueOf(ex.getMessage()))
						: "this process has no permission to read it";
				mistakes.add(new Mistake("Plug-in", path.toString(), null, null, reason));
			}
		}
		return mistakes;
	}

	/**
	 * Finds the jar that a class comes from.
	 * @param className the class's binary name
	 * @return null if it is none of these
	 */
	@Nullable Path having(String className) {
		URL url = this.loader.getResource(className.replace('.', '/') + ".class");
		return (url != null) ? jar(url) : null;
	}

	/**
	 * Finds the jar that registers an auto-configuration, which the jar itself may lack.
	 * @param className the class's binary name
	 * @return null if it is none of these
	 */
	@Nullable Path registering(String className) {
		try {
			for (URL url : Collections.list(this.loader.getResources(IMPORTS))) {
				Path jar = jar(url);
				if (jar != null && registers(url, className)) {
					return jar;
				}
			}
			return null;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static boolean registers(URL imports, String className) throws IOException {
		try (InputStream content = imports.openStream()) {
			return new String(content.readAllBytes(), StandardCharsets.UTF_8).lines()
				.map((line) -> line.replaceFirst("#.*", "").strip())
				.anyMatch(className::equals);
		}
	}

	private @Nullable Path jar(URL url) {
		try {
			if (url.openConnection() instanceof JarURLConnection connection) {
				Path jar = Path.of(connection.getJarFileURL().toURI());
				return this.jars.stream().filter((plugin) -> isSame(plugin, jar)).findFirst().orElse(null);
			}
			return null;
		}
		catch (IOException | URISyntaxException ex) {
			throw new IllegalStateException(ex);
		}
	}

}

package io.weir.api;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import org.springframework.core.io.ClassPathResource;

import io.weir.struct.StructFormat;
import io.weir.struct.StructFormatException;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Keeps what other code builds on as it is: plug-ins that are compiled once go on
 * working.
 */
class PublicApiTests {

	private static final Path SOURCES = Path.of("src/main/java");

	@Test
	void noSignatureIsTakenAwayOrChanged() throws Exception {
		List<String> known = new ClassPathResource("io/weir/api/signatures.txt")
			.getContentAsString(StandardCharsets.UTF_8)
			.lines()
			.toList();
		List<String> now = new ArrayList<>();
		List<Class<?>> types = new ArrayList<>(publicTypes());
		types.addAll(List.of(StructFormat.class, StructFormatException.class));
		for (Class<?> type : types) {
			now.add(signature(type));
			members(type).map((member) -> "  " + member).sorted().forEach(now::add);
		}
		assertThat(now).as("Plug-ins that are compiled need what signatures.txt lists").containsAll(known);
		assertThat(now).as("What is new is public from now on: add it to signatures.txt")
			.containsExactlyElementsOf(known);
	}

	@Test
	void everyOtherPackageSaysThatItIsInternal() throws IOException {
		try (Stream<Path> files = Files.walk(SOURCES)) {
			List<Path> packages = files.filter((file) -> file.endsWith("package-info.java")).toList();
			assertThat(packages).hasSizeGreaterThan(10).allSatisfy((file) -> {
				String name = SOURCES.relativize(file.getParent()).toString();
				boolean open = name.equals("io/weir/api") || name.equals("io/weir/struct");
				assertThat(Files.readString(file).contains("Internal: ")).as(name).isEqualTo(!open);
			});
		}
	}

	private static List<Class<?>> publicTypes() throws Exception {
		Class<?> anchor = ConnectionHandler.class;
		Path folder = Path.of(anchor.getProtectionDomain().getCodeSource().getLocation().toURI())
			.resolve(anchor.getPackageName().replace('.', '/'));
		List<Class<?>> types = new ArrayList<>();
		try (Stream<Path> files = Files.list(folder)) {
			for (Path file : files.sorted().toList()) {
				String name = file.getFileName().toString();
				if (name.endsWith(".class") && !name.equals("package-info.class")) {
					Class<?> type = Class.forName(anchor.getPackageName() + "." + name.replace(".class", ""));
					if (Modifier.isPublic(type.getModifiers())) {
						types.add(type);
					}
				}
			}
		}
		return types;
	}

	private static String signature(Class<?> type) {
		String parents = Stream.concat(Stream.ofNullable(type.getSuperclass()), Stream.of(type.getInterfaces()))
			.map(Class::getName)
			.collect(Collectors.joining(", "));
		return type.toGenericString() + (parents.isEmpty() ? "" : " : " + parents);
	}

	private static Stream<String> members(Class<?> type) {
		Stream<Executable> executables = Stream.concat(Stream.of(type.getDeclaredConstructors()),
				Stream.of(type.getDeclaredMethods()));
		return executables.filter((member) -> Modifier.isPublic(member.getModifiers()))
			.filter((member) -> !member.isSynthetic())
			.map(PublicApiTests::signature);
	}

	// With annotations, as null or not is part of it
	private static String signature(Executable member) {
		String parameters = Arrays.stream(member.getAnnotatedParameterTypes())
			.map(Object::toString)
			.collect(Collectors.joining(", ", "(", ")"));
		String exceptions = Arrays.stream(member.getExceptionTypes())
			.map(Class::getName)
			.collect(Collectors.joining(", "));
		String kind = (member instanceof Method method)
				? ((method.isDefault() ? "default " : "") + (Modifier.isStatic(method.getModifiers()) ? "static " : "")
						+ method.getAnnotatedReturnType() + " " + method.getName())
				: ((Constructor<?>) member).getDeclaringClass().getSimpleName();
		return (kind + parameters + (exceptions.isEmpty() ? "" : " throws " + exceptions))
			.replace("@org.jspecify.annotations.Nullable()", "@Nullable");
	}

}

package io.weir.records;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.LongStream;

import org.jspecify.annotations.Nullable;

import io.weir.struct.StructFormat;

/**
 * The names of a record's values, and how each is written.
 */
public final class RecordFields {

	private static final Set<String> RESERVED = Set.of("at", "connection", "peer");

	private final List<String> names;

	private final List<Form> forms;

	private RecordFields(List<String> names, List<Form> forms) {
		this.names = names;
		this.forms = forms;
	}

	/**
	 * Reads the fields of a format.
	 * @param fields names in the order of the values; {@code name:hex} and
	 * {@code name:base64} for bytes that are no text. Empty names them {@code f1},
	 * {@code f2} and so on
	 * @param format the form of the record
	 * @throws IllegalArgumentException if they don't fit; see {@link #problem}
	 */
	public static RecordFields of(List<String> fields, StructFormat format) {
		String problem = problem(fields, format);
		if (problem != null) {
			throw new IllegalArgumentException(problem);
		}
		if (fields.isEmpty()) {
			List<String> names = LongStream.rangeClosed(1, format.valueCount()).mapToObj((i) -> "f" + i).toList();
			return new RecordFields(names, names.stream().map((_) -> Form.TEXT).toList());
		}
		return new RecordFields(fields.stream().map(RecordFields::name).toList(),
				fields.stream().map((field) -> Form.valueOf(formOf(field).toUpperCase(Locale.ROOT))).toList());
	}

	/**
	 * Says what is wrong with fields.
	 * @param fields as for {@link #of}
	 * @param format the form of the record
	 * @return null if nothing is
	 */
	public static @Nullable String problem(List<String> fields, StructFormat format) {
		if (fields.isEmpty()) {
			return null;
		}
		List<String> problems = new ArrayList<>();
		if (fields.size() != format.valueCount()) {
			problems.add("%d names for %d values: the record format '%s' has %d".formatted(fields.size(),
					format.valueCount(), format.format(), format.valueCount()));
		}
		Set<String> seen = new HashSet<>();
		for (int i = 0; i < fields.size(); i++) {
			String name = name(fields.get(i));
			if (name.isBlank()) {
				problems.add("name %d is empty".formatted(i + 1));
			}
			else if (RESERVED.contains(name)) {
				problems.add("'%s' is reserved: each line has at, connection and peer already".formatted(name));
			}
			else if (!seen.add(name)) {
				problems.add("'%s' is there twice".formatted(name));
			}
			problems.addAll(problemOfForm(fields.get(i), i, format));
		}
		return problems.isEmpty() ? null : String.join("; ", problems);
	}

	private static List<String> problemOfForm(String field, int index, StructFormat format) {
		String form = formOf(field);
		if (form.equals("text")) {
			return List.of();
		}
		if (!form.equals("hex") && !form.equals("base64")) {
			return List.of("'%s': after the colon must be hex or base64".formatted(field));
		}
		if (index < format.valueCount() && !format.isBytes(index)) {
			return List.of("'%s': only the bytes of c, s and p can be written as %s, and value %d is none of them"
				.formatted(field, form, index + 1));
		}
		return List.of();
	}

	private static String name(String field) {
		int colon = field.lastIndexOf(':');
		return (colon >= 0) ? field.substring(0, colon).strip() : field.strip();
	}

	private static String formOf(String field) {
		int colon = field.lastIndexOf(':');
		return (colon >= 0) ? field.substring(colon + 1).strip() : "text";
	}

	/**
	 * The names in their order, without a form.
	 */
	public List<String> names() {
		return this.names;
	}

	List<Form> forms() {
		return this.forms;
	}

	/**
	 * How the bytes of {@code c}, {@code s} and {@code p} are written.
	 */
	enum Form {

		/** UTF-8 without the zeros at its end. */
		TEXT,

		/** Two digits for each byte. */
		HEX,

		/** RFC 4648, section 4. */
		BASE64

	}

}

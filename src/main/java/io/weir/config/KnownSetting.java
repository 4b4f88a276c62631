package io.weir.config;

import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.util.ClassUtils;
import org.springframework.util.unit.DataSize;

/**
 * One setting that a record of properties has.
 *
 * @param name the property's documented name
 * @param type what its value is converted to, boxed
 * @param within its bounds; null if it has none
 * @param optional whether an empty value leaves it unset, or is a value of its own
 */
record KnownSetting(String name, Class<?> type, @Nullable Within within, boolean optional) {

	/**
	 * Finds the settings of a record and of the records in it, in their order.
	 * @param prefix the prefix of their names
	 */
	static List<KnownSetting> of(String prefix, Class<?> properties) {
		List<KnownSetting> settings = new ArrayList<>();
		for (RecordComponent component : properties.getRecordComponents()) {
			String name = prefix + "." + DataObjectPropertyName.toDashedForm(component.getName());
			Class<?> type = ClassUtils.resolvePrimitiveIfNecessary(component.getType());
			if (type.isRecord()) {
				settings.addAll(of(name, type));
			}
			else {
				settings.add(new KnownSetting(name, type, field(properties, component),
						type == String.class || Collection.class.isAssignableFrom(type)
								|| component.getAnnotatedType().isAnnotationPresent(Nullable.class)));
			}
		}
		return settings;
	}

	// Constraints are kept on the field
	private static @Nullable Within field(Class<?> properties, RecordComponent component) {
		try {
			return properties.getDeclaredField(component.getName()).getAnnotation(Within.class);
		}
		catch (NoSuchFieldException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Whether a property is this setting, or an item of its list.
	 */
	boolean is(ConfigurationPropertyName property) {
		ConfigurationPropertyName own = ConfigurationPropertyName.of(this.name);
		return own.equals(property) || (isList() && own.isParentOf(property) && property.isLastElementIndexed());
	}

	boolean isList() {
		return Collection.class.isAssignableFrom(this.type);
	}

	/**
	 * Says what is allowed.
	 */
	String allowed() {
		return "must be " + kind(this.type) + range();
	}

	private String range() {
		if (this.within == null) {
			return "";
		}
		return (this.within.zero().isEmpty() ? ": " : ": 0 (" + this.within.zero() + "), or ") + this.within.min()
				+ " to " + this.within.max();
	}

	private static String kind(Class<?> type) {
		if (type == Duration.class) {
			return "a time with its unit, such as 500ms, 30s or 5m";
		}
		if (type == DataSize.class) {
			return "a size, such as 512B, 64KB or 1MB";
		}
		if (type == Boolean.class) {
			return "true or false";
		}
		if (type.isEnum()) {
			return "one of " + String.join(", ", values(type));
		}
		return (type == Integer.class) ? "a whole number" : "an address, or a name that resolves";
	}

	/**
	 * The values of an enum as they are documented.
	 */
	static List<String> values(Class<?> type) {
		return Arrays.stream(type.getEnumConstants())
			.map((value) -> value.toString().toLowerCase(Locale.ROOT).replace('_', '-'))
			.toList();
	}

}

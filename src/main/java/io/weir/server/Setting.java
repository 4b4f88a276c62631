package io.weir.server;

import java.util.OptionalLong;

import org.jspecify.annotations.Nullable;

import io.weir.kernel.Source;

/**
 * One setting as it was asked for and as the kernel granted it.
 *
 * @param requested the configured number; null where it is left out
 * @param effective what is in force; null where that cannot be known
 * @param maximum what the kernel grants at most, in the unit of {@code effective}; null
 * where that cannot be known
 * @param limitedBy the sysctl or limit that clamped it, or null
 * @param source where {@code effective} comes from
 * @param reason why {@code effective} is not known; null where it is
 */
public record Setting(@Nullable Long requested, @Nullable Long effective, @Nullable Long maximum,
		@Nullable String limitedBy, Source source, @Nullable String reason) {

	static Setting unavailable(@Nullable Long requested, @Nullable Long maximum, String reason) {
		return new Setting(requested, null, maximum, null, Source.UNAVAILABLE, reason);
	}

	Setting withMaximum(OptionalLong present) {
		return present.isPresent() ? new Setting(this.requested, this.effective, present.getAsLong(), this.limitedBy,
				this.source, this.reason) : this;
	}

	/**
	 * What is in force, for people.
	 * @return for instance {@code 4096 (max 4096)}
	 */
	String text() {
		return text(this.effective) + " (max " + text(this.maximum) + ")";
	}

	static String text(@Nullable Long number) {
		return (number != null) ? number.toString() : "unknown";
	}

	static String text(OptionalLong number) {
		return number.isPresent() ? Long.toString(number.getAsLong()) : "unknown";
	}

}

package io.weir.server;

import java.util.OptionalLong;

import org.jspecify.annotations.Nullable;

import io.weir.kernel.Source;

/**
 * One setting as it was asked for and as the kernel granted it. Buffer sizes are the
 * kernel's own figures in bytes, as {@code ss -m} shows them: Linux doubles what is asked
 * for, socket(7).
 *
 * @param requested the configured number; null where it is left out
 * @param effective what is in force; null where that cannot be known
 * @param maximum the most that can be had, in the unit of {@code effective}; null where
 * that cannot be known
 * @param limitedBy the sysctl or limit that clamped it, or null
 * @param source where {@code effective} comes from
 * @param reason why {@code effective} is not known; null where it is
 */
public record Setting(@Nullable Long requested, @Nullable Long effective, @Nullable Long maximum,
		@Nullable String limitedBy, Source source, @Nullable String reason) {

	/**
	 * The kernel's figure of a buffer over what the JDK says: Linux doubles a size, and
	 * the JDK halves it again when it reads it.
	 */
	static final int BUFFER_FACTOR = System.getProperty("os.name", "").startsWith("Linux") ? 2 : 1;

	static Setting unavailable(@Nullable Long requested, @Nullable Long maximum, String reason) {
		return new Setting(requested, null, maximum, null, Source.UNAVAILABLE, reason);
	}

	Setting withMaximum(OptionalLong present) {
		return present.isPresent() ? new Setting(this.requested, this.effective, present.getAsLong(), this.limitedBy,
				this.source, this.reason) : this;
	}

	/**
	 * What of a buffer's size carries data: the half, the rest is the kernel's overhead,
	 * tcp(7).
	 * @return null where the size is not known
	 */
	public @Nullable Long usable() {
		return (this.effective != null) ? this.effective / BUFFER_FACTOR : null;
	}

	/**
	 * The most of a buffer's size that can carry data.
	 * @return null where the maximum is not known
	 */
	public @Nullable Long usableMaximum() {
		return (this.maximum != null) ? this.maximum / BUFFER_FACTOR : null;
	}

	/**
	 * What is in force, for people.
	 * @return for instance {@code 4096 (max 4096)}
	 */
	String text() {
		return text(this.effective) + " (max " + text(this.maximum) + ")";
	}

	/**
	 * A buffer's size, for people.
	 * @return for instance {@code 131072 (usable 65536, max 6291456, autotuned)}
	 */
	String bufferText() {
		return text(this.effective) + " (usable " + text(usable()) + ", max " + text(this.maximum)
				+ (autotuned() ? ", autotuned)" : ")");
	}

	static String text(@Nullable Long number) {
		return (number != null) ? number.toString() : "unknown";
	}

	static String text(OptionalLong number) {
		return number.isPresent() ? Long.toString(number.getAsLong()) : "unknown";
	}

	/**
	 * Whether the size is left to the kernel.
	 * @return whether none was asked for
	 */
	public boolean autotuned() {
		return this.requested == null;
	}

}

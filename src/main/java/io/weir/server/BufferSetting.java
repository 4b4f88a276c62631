package io.weir.server;

import java.util.OptionalLong;

import org.jspecify.annotations.Nullable;

/**
 * The size of a socket's buffer, in the kernel's own bytes, as {@code ss -m} shows them:
 * Linux doubles what is asked for, socket(7).
 *
 * @param setting what was asked for and what was granted
 */
public record BufferSetting(Setting setting) {

	/**
	 * The kernel's figure of a buffer over what the JDK says: Linux doubles a size, and
	 * the JDK halves it again when it reads it.
	 */
	static final int FACTOR = System.getProperty("os.name", "").startsWith("Linux") ? 2 : 1;

	BufferSetting withMaximum(OptionalLong present) {
		return new BufferSetting(this.setting.withMaximum(present));
	}

	/**
	 * What of the size carries data: the half, the rest is the kernel's overhead, tcp(7).
	 * @return null where the size is not known
	 */
	public @Nullable Long usable() {
		return usable(this.setting.effective());
	}

	/**
	 * The most of the size that can carry data.
	 * @return null where the maximum is not known
	 */
	public @Nullable Long usableMaximum() {
		return usable(this.setting.maximum());
	}

	private static @Nullable Long usable(@Nullable Long size) {
		return (size != null) ? size / FACTOR : null;
	}

	/**
	 * Whether the size is left to the kernel, as none was asked for.
	 */
	public boolean autotuned() {
		return this.setting.requested() == null;
	}

	/**
	 * What is in force, for people.
	 * @return for instance {@code 131072 (usable 65536, max 6291456, autotuned)}
	 */
	String text() {
		return Setting.text(this.setting.effective()) + " (usable " + Setting.text(usable()) + ", max "
				+ Setting.text(this.setting.maximum()) + (autotuned() ? ", autotuned)" : ")");
	}

}

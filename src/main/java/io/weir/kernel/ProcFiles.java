package io.weir.kernel;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * The text files of a {@code proc} file system, and the reasons why one is of no use.
 *
 * @param root where the file system is mounted
 */
record ProcFiles(Path root) {

	/**
	 * Reads a file. ISO-8859-1 accepts every byte.
	 * @param name below the root
	 * @throws UnreadableException if it cannot be read
	 */
	List<String> lines(String name) throws UnreadableException {
		Path file = this.root.resolve(name);
		try {
			// Not Files.readString: it trusts the size, which is 0 here, and the one byte
			// of its first read is all that a file in /proc/sys then gives
			return Files.readAllLines(file, StandardCharsets.ISO_8859_1);
		}
		catch (NoSuchFileException ex) {
			throw new UnreadableException(Files.isDirectory(this.root)
					? file + " does not exist: this kernel, or this network namespace, does not have it"
					: this.root + " does not exist: not Linux, or proc is not mounted");
		}
		catch (AccessDeniedException ex) {
			throw new UnreadableException(file + " may not be read: permission denied");
		}
		catch (IOException | SecurityException ex) {
			throw new UnreadableException(file + " cannot be read: " + ex.getMessage());
		}
	}

	/**
	 * Makes the exception of a file that does not hold what it should.
	 * @param name below the root
	 * @param what such as {@code has 0 lines, not one}
	 */
	UnreadableException unreadable(String name, String what) {
		return new UnreadableException(this.root.resolve(name) + " " + what);
	}

	/**
	 * Parses a number.
	 * @param name of the file that holds it, below the root
	 * @param number decimal
	 * @throws UnreadableException if it is no {@code long}
	 */
	long number(String name, String number) throws UnreadableException {
		try {
			return Long.parseLong(number);
		}
		catch (NumberFormatException ex) {
			throw unreadable(name, "holds " + quote(number) + ", not a number");
		}
	}

	/**
	 * Quotes what a file holds.
	 * @param content any characters
	 * @return printable ASCII, cut after 64 characters
	 */
	static String quote(String content) {
		String shown = (content.length() > 64) ? content.substring(0, 64) + "..." : content;
		return '"' + shown.replaceAll("[^ -~]", "?") + '"';
	}

	/**
	 * Carries the reason from where a file turns out to be useless to where the value
	 * would have been.
	 */
	static final class UnreadableException extends Exception {

		private static final long serialVersionUID = 1L;

		private UnreadableException(String reason) {
			super(reason);
		}

		/**
		 * Says why the file is of no use.
		 */
		String reason() {
			return Objects.requireNonNull(getMessage());
		}

	}

}

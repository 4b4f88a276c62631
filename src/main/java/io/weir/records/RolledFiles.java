package io.weir.records;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * The files that a full one becomes: {@code <file>.1} is the youngest.
 */
record RolledFiles(Path file, int max) {

	/**
	 * Renames the file to {@code <file>.1}, that to {@code <file>.2} and so on. The
	 * oldest one is replaced if there are as many as are kept. What failed in the middle
	 * can be done again: the first number that is free ends the row.
	 * @throws IOException if a file can't be renamed
	 */
	void roll() throws IOException {
		int last = 1;
		while (last < this.max && Files.exists(rolled(last), LinkOption.NOFOLLOW_LINKS)) {
			last++;
		}
		for (int i = last; i > 1; i--) {
			Files.move(rolled(i - 1), rolled(i), StandardCopyOption.ATOMIC_MOVE);
		}
		Files.move(this.file, rolled(1), StandardCopyOption.ATOMIC_MOVE);
	}

	private Path rolled(int number) {
		return this.file.resolveSibling(this.file.getFileName() + "." + number);
	}

}

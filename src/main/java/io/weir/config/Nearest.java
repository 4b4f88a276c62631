package io.weir.config;

import java.util.Collection;
import java.util.List;
import java.util.Locale;

/**
 * Finds the known names that a misspelt one is likely to mean.
 */
final class Nearest {

	// From so many letters on, a name that ends like a known one is taken for it
	private static final int LEAST_ENDING = 4;

	private Nearest() {
	}

	/**
	 * Finds what is nearest to a name. Case, dashes, underscores, dots, indices, and what
	 * all known names begin with don't count.
	 * @param name as written
	 * @param known all that it may mean
	 * @return those at the least distance; empty if all are far
	 */
	static List<String> to(String name, Collection<String> known) {
		String prefix = known.stream().map(Nearest::letters).reduce(Nearest::commonPrefix).orElse("");
		String letters = letters(name, prefix);
		int max = Math.max(1, letters.length() / 3);
		int least = known.stream()
			.mapToInt((other) -> distance(letters, letters(other, prefix)))
			.min()
			.orElse(Integer.MAX_VALUE);
		if (least <= max) {
			return known.stream().filter((other) -> distance(letters, letters(other, prefix)) == least).toList();
		}
		return (letters.length() < LEAST_ENDING) ? List.of()
				: known.stream().filter((other) -> letters(other).endsWith(letters)).toList();
	}

	/**
	 * Asks whether the nearest is meant.
	 * @return to be appended to a sentence; empty if all are far
	 */
	static String question(String name, Collection<String> known) {
		List<String> nearest = to(name, known);
		return nearest.isEmpty() ? "" : "; did you mean " + String.join(" or ", nearest) + "?";
	}

	private static String letters(String name) {
		return name.toLowerCase(Locale.ROOT).replaceAll("[-_.]|\\[\\d+]", "");
	}

	private static String letters(String name, String prefix) {
		String letters = letters(name);
		return letters.substring(commonPrefix(letters, prefix).length());
	}

	private static String commonPrefix(String one, String other) {
		int length = 0;
		while (length < Math.min(one.length(), other.length()) && one.charAt(length) == other.charAt(length)) {
			length++;
		}
		return one.substring(0, length);
	}

	// Insertions, deletions, substitutions and swaps of neighbours (optimal string
	// alignment)
	private static int distance(String one, String other) {
		int[][] distance = new int[one.length() + 1][other.length() + 1];
		for (int i = 0; i <= one.length(); i++) {
			for (int j = 0; j <= other.length(); j++) {
				distance[i][j] = (i == 0 || j == 0) ? i + j : step(one, other, distance, i, j);
			}
		}
		return distance[one.length()][other.length()];
	}

	private static int step(String one, String other, int[][] distance, int i, int j) {
		int change = (one.charAt(i - 1) == other.charAt(j - 1)) ? 0 : 1;
		int least = Math.min(distance[i - 1][j - 1] + change, Math.min(distance[i - 1][j] + 1, distance[i][j - 1] + 1));
		if (i > 1 && j > 1 && one.charAt(i - 1) == other.charAt(j - 2) && one.charAt(i - 2) == other.charAt(j - 1)) {
			least = Math.min(least, distance[i - 2][j - 2] + 1);
		}
		return least;
	}

}

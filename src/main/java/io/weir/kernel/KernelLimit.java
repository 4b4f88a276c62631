package io.weir.kernel;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The value of one kernel limit.
 */
public sealed interface KernelLimit {

	/**
	 * A single number.
	 *
	 * @param value the number in the kernel's own unit (bytes, packets, seconds, ...)
	 */
	record Scalar(long value) implements KernelLimit {
	}

	/**
	 * Several numbers that the kernel keeps in one file, such as {@code min},
	 * {@code default} and {@code max} of {@code net.ipv4.tcp_rmem}.
	 *
	 * @param members the numbers by name, in the file's order
	 */
	record Vector(Map<String, Long> members) implements KernelLimit {

		public Vector {
			members = Collections.unmodifiableMap(new LinkedHashMap<>(members));
		}

	}

	/**
	 * A word, such as {@code cubic} for {@code net.ipv4.tcp_congestion_control} or
	 * {@code unlimited} for a resource limit that is not set.
	 *
	 * @param value the word as the kernel writes it
	 */
	record Text(String value) implements KernelLimit {
	}

}

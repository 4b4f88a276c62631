package io.weir.kernel;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * A snapshot of the kernel limits that shape a TCP server.
 *
 * @param values every limit by its sysctl name ({@code net.core.somaxconn}, ...),
 * followed by {@code nofile.soft} and {@code nofile.hard}, always all of them and in this
 * order; one that cannot be read comes with the reason
 */
public record KernelLimits(Map<String, Reading<KernelLimit>> values) {

	public KernelLimits {
		values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
	}

	/**
	 * Finds one limit.
	 * @param name a sysctl name, {@code nofile.soft} or {@code nofile.hard}
	 * @return the limit; unavailable where this snapshot does not have the name
	 */
	public Reading<KernelLimit> get(String name) {
		Reading<KernelLimit> limit = this.values.get(name);
		return (limit != null) ? limit : new Reading.Unavailable<>(name + " is not among the limits that are read");
	}

	/**
	 * Finds one number.
	 * @param name the name of a number ({@code net.core.somaxconn}), or of a vector and
	 * its member ({@code net.ipv4.tcp_rmem.max})
	 * @return the number; empty where it is unavailable, a text, or no such name
	 */
	public OptionalLong number(String name) {
		if (get(name) instanceof Reading.Available<KernelLimit>(KernelLimit.Scalar(long value))) {
			return OptionalLong.of(value);
		}
		int dot = Math.max(0, name.lastIndexOf('.'));
		if (get(name.substring(0, dot)) instanceof Reading.Available<KernelLimit>(KernelLimit.Vector(var members))) {
			Long member = members.get(name.substring(dot + 1));
			return (member != null) ? OptionalLong.of(member) : OptionalLong.empty();
		}
		return OptionalLong.empty();
	}

}

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
 * order; one that cannot be read is {@link KernelLimit.Unavailable}
 */
public record KernelLimits(Map<String, KernelLimit> values) {

	public KernelLimits {
		values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
	}

	/**
	 * Finds one limit.
	 * @param name a sysctl name, {@code nofile.soft} or {@code nofile.hard}
	 * @return the limit; unavailable where this snapshot does not have the name
	 */
	public KernelLimit get(String name) {
		KernelLimit limit = this.values.get(name);
		return (limit != null) ? limit : new KernelLimit.Unavailable(name + " is not among the limits that are read");
	}

	/**
	 * Finds one number.
	 * @param name the name of a number ({@code net.core.somaxconn}), or of a vector and
	 * its member ({@code net.ipv4.tcp_rmem.max})
	 * @return the number; empty where it is unavailable, a text, or no such name
	 */
	public OptionalLong number(String name) {
		if (this.values.get(name) instanceof KernelLimit.Scalar scalar) {
			return OptionalLong.of(scalar.value());
		}
		int dot = name.lastIndexOf('.');
		if (dot > 0 && this.values.get(name.substring(0, dot)) instanceof KernelLimit.Vector vector) {
			Long member = vector.members().get(name.substring(dot + 1));
			return (member != null) ? OptionalLong.of(member) : OptionalLong.empty();
		}
		return OptionalLong.empty();
	}

}

package io.weir.kernel;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * A snapshot of the kernel's counters of TCP events. They count for the whole network
 * namespace, so whatever shares it (the other containers of a pod) counts too.
 *
 * @param counters the events since the namespace exists, by the kernel's name
 * ({@code ListenOverflows}, {@code RetransSegs}, ...); one that this kernel does not have
 * is absent
 * @param reason why counters are missing that every kernel has, for a person to read;
 * {@code null} if both files could be read
 */
public record KernelEvents(Map<String, Long> counters, @Nullable String reason) {

	public KernelEvents {
		counters = Collections.unmodifiableMap(new LinkedHashMap<>(counters));
	}

}

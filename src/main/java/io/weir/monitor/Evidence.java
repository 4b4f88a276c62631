package io.weir.monitor;

import java.time.Duration;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import io.weir.kernel.KernelEvents;
import io.weir.kernel.KernelLimits;
import io.weir.server.EffectiveSettings;
import io.weir.server.ServerStatus;
import io.weir.tls.TlsStatus;

/**
 * What findings are made from, all of one moment.
 *
 * @param server the server, which listens
 * @param settings what it asked for and what it got
 * @param tls what protects new connections; null if nothing does
 * @param acceptQueue its accept queue; null where the kernel does not say
 * @param fullFor for how long all places have been taken while newcomers wait
 * @param limits the kernel's limits
 * @param events the kernel's event counters
 */
record Evidence(ServerStatus server, EffectiveSettings settings, @Nullable TlsStatus tls,
		@Nullable AcceptQueue acceptQueue, Duration fullFor, KernelLimits limits, KernelEvents events) {

	/** Ends a remedy that sets a sysctl of the network namespace. */
	static final String SYSCTL_IN_CONTAINER = " on the host; a container has its own value in its network namespace: "
			+ "docker run --sysctl, or securityContext.sysctls in Kubernetes";

	/**
	 * Makes the findings of one theme.
	 */
	@FunctionalInterface
	interface Rule {

		/**
		 * Adds findings.
		 * @param evidence what they are made from
		 * @param findings where they are added
		 */
		void find(Evidence evidence, Map<FindingKind, Finding> findings);

	}

}

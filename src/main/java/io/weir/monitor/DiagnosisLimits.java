package io.weir.monitor;

import java.time.Duration;
import java.util.OptionalLong;

import io.weir.kernel.KernelLimits;
import io.weir.server.BufferSetting;
import io.weir.server.EffectiveSettings;
import io.weir.server.ServingSettings;

/**
 * What bounds all connections of a server alike, in bytes and by the kernel's count of
 * buffers.
 *
 * @param receiveBuffer the size of a receive buffer that the kernel does not tune; 0
 * where it tunes, or where the size is not known
 * @param receiveMaximum up to what the kernel may tune a receive buffer; 0 where that is
 * not known
 * @param sendBuffer the size of a send buffer that the kernel does not tune; 0 where it
 * tunes, or where the size is not known
 * @param sendMaximum up to what the kernel may tune a send buffer; 0 where that is not
 * known
 * @param writeTimeout ends a connection whose peer acknowledges nothing while a write
 * waits; zero is never
 * @param idleTimeout ends a connection on which no byte moves; zero is never
 * @param retries how often the kernel sends again before it gives up
 */
record DiagnosisLimits(long receiveBuffer, long receiveMaximum, long sendBuffer, long sendMaximum,
		Duration writeTimeout, Duration idleTimeout, OptionalLong retries) {

	static DiagnosisLimits of(EffectiveSettings settings, ServingSettings serving, KernelLimits limits) {
		return new DiagnosisLimits(fixed(settings.receiveBuffer()), limits.number("net.ipv4.tcp_rmem.max").orElse(0),
				fixed(settings.sendBuffer()), limits.number("net.ipv4.tcp_wmem.max").orElse(0), serving.writeTimeout(),
				serving.idleTimeout(), limits.number("net.ipv4.tcp_retries2"));
	}

	private static long fixed(BufferSetting buffer) {
		Long effective = buffer.setting().effective();
		return (effective != null && !buffer.autotuned()) ? effective : 0;
	}

}

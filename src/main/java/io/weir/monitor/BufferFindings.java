package io.weir.monitor;

import java.util.Map;
import java.util.OptionalLong;

import io.weir.server.Setting;

/**
 * Findings about the sizes of buffers.
 */
final class BufferFindings implements Evidence.Rule {

	@Override
	public void find(Evidence evidence, Map<FindingKind, Finding> findings) {
		Setting receiveBuffer = evidence.settings().receiveBuffer();
		Setting sendBuffer = evidence.settings().sendBuffer();
		if (receiveBuffer.limitedBy() != null) {
			findings.put(FindingKind.RECEIVE_BUFFER_CLAMPED, clamped("receive-buffer-size", receiveBuffer, "rmem"));
		}
		if (sendBuffer.limitedBy() != null) {
			findings.put(FindingKind.SEND_BUFFER_CLAMPED, clamped("send-buffer-size", sendBuffer, "wmem"));
		}
		OptionalLong tuned = evidence.limits().number("net.ipv4.tcp_rmem.max");
		if (tuned.isPresent() && isFixed(receiveBuffer, tuned.getAsLong())) {
			findings.put(FindingKind.RECEIVE_BUFFER_FIXED, fixed(receiveBuffer, tuned.getAsLong()));
		}
	}

	private static Finding clamped(String name, Setting buffer, String sysctl) {
		if (isRaised(buffer)) {
			return new Finding(name, "%d bytes requested, %d granted: %s clamped it at the start, and allows it now"
				.formatted(buffer.requested(), buffer.usable(), buffer.limitedBy()), "A restart takes it");
		}
		return new Finding(name,
				"%d bytes requested, %d granted: %s clamps it".formatted(buffer.requested(), buffer.usable(),
						buffer.limitedBy()),
				("sysctl -w %s=%d on the host (it holds for all its containers). Or leave tcp.server.%s out: "
						+ "the kernel then tunes each connection's buffer, up to the third value of net.ipv4.tcp_%s")
					.formatted(buffer.limitedBy(), buffer.requested(), name, sysctl));
	}

	private static boolean isRaised(Setting buffer) {
		Long requested = buffer.requested();
		Long maximum = buffer.usableMaximum();
		return requested != null && maximum != null && maximum >= requested;
	}

	// A fixed buffer is a loss where the kernel would give a busy connection more
	private static boolean isFixed(Setting buffer, long tuned) {
		Long effective = buffer.effective();
		return !buffer.autotuned() && buffer.limitedBy() == null && effective != null && effective < tuned;
	}

	private static Finding fixed(Setting buffer, long tuned) {
		return new Finding("receive-buffer-size",
				"fixed at %d usable bytes, which turns the kernel's autotuning off; it would go up to %d"
					.formatted(buffer.usable(), tuned / 2),
				"Leave tcp.server.receive-buffer-size out, unless the memory must be bounded: "
						+ "a connection can't have more than this in flight per round trip");
	}

}

package io.weir.monitor;

import java.util.Map;
import java.util.OptionalLong;

import io.weir.server.BufferSetting;

/**
 * Findings about the sizes of buffers.
 */
final class BufferFindings implements Evidence.Rule {

	@Override
	public void find(Evidence evidence, Map<FindingKind, Finding> findings) {
		BufferSetting receiveBuffer = evidence.settings().receiveBuffer();
		BufferSetting sendBuffer = evidence.settings().sendBuffer();
		if (receiveBuffer.setting().limitedBy() != null) {
			findings.put(FindingKind.RECEIVE_BUFFER_CLAMPED, clamped("receive-buffer-size", receiveBuffer, "rmem"));
		}
		if (sendBuffer.setting().limitedBy() != null) {
			findings.put(FindingKind.SEND_BUFFER_CLAMPED, clamped("send-buffer-size", sendBuffer, "wmem"));
		}
		OptionalLong tuned = evidence.limits().number("net.ipv4.tcp_rmem.max");
		if (tuned.isPresent() && isFixed(receiveBuffer, tuned.getAsLong())) {
			findings.put(FindingKind.RECEIVE_BUFFER_FIXED, fixed(receiveBuffer, tuned.getAsLong()));
		}
	}

	private static Finding clamped(String name, BufferSetting buffer, String sysctl) {
		if (isRaised(buffer)) {
			return new Finding(name,
					"%d bytes requested, %d granted: %s clamped it at the start, and allows it now"
						.formatted(buffer.setting().requested(), buffer.usable(), buffer.setting().limitedBy()),
					"Restart Weir");
		}
		return new Finding(name,
				"%d bytes requested, %d granted: %s clamps it".formatted(buffer.setting().requested(), buffer.usable(),
						buffer.setting().limitedBy()),
				("sysctl -w %s=%d on the host (it holds for all its containers). Or leave tcp.server.%s out: "
						+ "the kernel then tunes each connection's buffer, up to the third value of net.ipv4.tcp_%s")
					.formatted(buffer.setting().limitedBy(), buffer.setting().requested(), name, sysctl));
	}

	private static boolean isRaised(BufferSetting buffer) {
		Long requested = buffer.setting().requested();
		Long maximum = buffer.usableMaximum();
		return requested != null && maximum != null && maximum >= requested;
	}

	// A fixed buffer is a loss where the kernel would give a busy connection more
	private static boolean isFixed(BufferSetting buffer, long tuned) {
		Long effective = buffer.setting().effective();
		return !buffer.autotuned() && buffer.setting().limitedBy() == null && effective != null && effective < tuned;
	}

	private static Finding fixed(BufferSetting buffer, long tuned) {
		return new Finding("receive-buffer-size",
				"fixed at %d usable bytes, which turns the kernel's autotuning off; it would go up to %d"
					.formatted(buffer.usable(), tuned / 2),
				"Leave tcp.server.receive-buffer-size out, unless the memory must be bounded: "
						+ "a connection can't have more than this in flight per round trip");
	}

}

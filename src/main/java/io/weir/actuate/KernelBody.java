package io.weir.actuate;

import java.util.LinkedHashMap;
import java.util.Map;

import io.weir.kernel.ConnectionDiagnostics;
import io.weir.kernel.KernelLimit;
import io.weir.kernel.KernelLimits;
import io.weir.kernel.Reading;
import io.weir.kernel.Source;

/**
 * The kernel's limits and figures as endpoints show them, by the kernel's names.
 */
final class KernelBody {

	private KernelBody() {
	}

	/**
	 * Shows limits.
	 */
	static Map<String, Object> of(KernelLimits limits) {
		Map<String, Object> body = new LinkedHashMap<>();
		limits.values().forEach((name, limit) -> body.put(name, limit.fold(KernelBody::of, UnavailableBody::new)));
		return body;
	}

	private static Object of(KernelLimit limit) {
		return switch (limit) {
			case KernelLimit.Scalar(long value) -> value;
			case KernelLimit.Vector(Map<String, Long> members) -> members;
			case KernelLimit.Text(String value) -> value;
		};
	}

	/**
	 * Shows the figures of a connection.
	 */
	static Object of(Reading<ConnectionDiagnostics> reading, Source source) {
		return reading.<Object>fold((figures) -> of(figures, source), UnavailableBody::new);
	}

	private static Map<String, Object> of(ConnectionDiagnostics figures, Source source) {
		Map<String, Object> body = new LinkedHashMap<>();
		body.put("source", source.text());
		body.put("state", figures.state().name());
		figures.figures().forEach((field, value) -> body.put(field.key(), value));
		String congestionControl = figures.congestionControl();
		if (congestionControl != null) {
			body.put("congestionControl", congestionControl);
		}
		return body;
	}

}

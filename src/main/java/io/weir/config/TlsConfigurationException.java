package io.weir.config;

import org.jspecify.annotations.Nullable;

/**
 * A setting of TLS that can't be used.
 */
class TlsConfigurationException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final String property;

	private final String value;

	private final String reason;

	private final String action;

	TlsConfigurationException(String property, String value, String reason, String action, @Nullable Throwable cause) {
		super(property + "=" + value + ": " + reason, cause);
		this.property = property;
		this.value = value;
		this.reason = reason;
		this.action = action;
	}

	String property() {
		return this.property;
	}

	String value() {
		return this.value;
	}

	String reason() {
		return this.reason;
	}

	String action() {
		return this.action;
	}

}

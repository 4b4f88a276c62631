package io.weir.actuate;

import io.weir.kernel.Source;

/**
 * What endpoints show in place of figures that are not available.
 *
 * @param source always {@code unavailable}
 * @param reason why, for a person to read
 */
record UnavailableBody(String source, String reason) {

	UnavailableBody(String reason) {
		this(Source.UNAVAILABLE.text(), reason);
	}

}

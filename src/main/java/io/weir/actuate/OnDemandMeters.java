package io.weir.actuate;

/**
 * Meters that come and go, and need to be right only while somebody looks.
 */
interface OnDemandMeters {

	/**
	 * Registers those that should be there and removes those that should not. Safe for
	 * any thread.
	 */
	void refresh();

}

package io.weir.config;

/**
 * What the readiness is while all places are taken.
 */
public enum FullReadiness {

	/**
	 * Ready: newcomers wait in the accept queue.
	 */
	UP,

	/**
	 * Not ready, when newcomers have waited for 10 s.
	 */
	OUT_OF_SERVICE

}

package io.weir.monitor;

/**
 * What a finding is about. While one lasts, its numbers may change and its kind does not.
 */
enum FindingKind {

	BACKLOG_CLAMPED, ACCEPT_QUEUE_OVERFLOWED, RECEIVE_BUFFER_CLAMPED, RECEIVE_BUFFER_FIXED, SEND_BUFFER_CLAMPED,
	TOO_FEW_FILES, KEEP_ALIVE_TOO_SLOW, SYN_COOKIES_SENT, CERTIFICATE_EXPIRES, BUNDLE_NOT_RELOADED, TOO_LITTLE_HEAP

}

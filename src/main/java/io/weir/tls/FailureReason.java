package io.weir.tls;

/**
 * Why something failed, for people: the messages of an exception and of its causes, each
 * once.
 */
public final class FailureReason {

	private FailureReason() {
	}

	/**
	 * Writes a reason.
	 * @param failure what went wrong
	 */
	public static String of(Throwable failure) {
		StringBuilder reason = new StringBuilder(text(failure));
		for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
			if (reason.indexOf(text(cause)) < 0) {
				reason.append(": ").append(text(cause));
			}
		}
		return reason.toString();
	}

	private static String text(Throwable failure) {
		String message = failure.getMessage();
		return (message != null) ? message : failure.toString();
	}

}

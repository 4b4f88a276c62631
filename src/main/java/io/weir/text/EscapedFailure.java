package io.weir.text;

import org.jspecify.annotations.Nullable;

/**
 * A failure for the log, whose messages may quote what a peer has sent: escaped and cut,
 * with the stack traces as they are.
 */
public final class EscapedFailure extends Exception {

	private static final long serialVersionUID = 1L;

	// Causes may form a circle
	private static final int MAX_CAUSES = 10;

	public EscapedFailure(Throwable failure) {
		this(failure, MAX_CAUSES);
	}

	private EscapedFailure(Throwable failure, int causesLeft) {
		super(PeerText.escape(text(failure)), copy(failure.getCause(), causesLeft));
		setStackTrace(failure.getStackTrace());
	}

	// It is others' code, too
	private static String text(Throwable failure) {
		try {
			return failure.toString();
		}
		catch (RuntimeException ex) {
			return failure.getClass().getName() + ", whose text can't be had: " + ex.getClass().getName();
		}
	}

	private static @Nullable EscapedFailure copy(@Nullable Throwable cause, int causesLeft) {
		return (cause != null && causesLeft > 0) ? new EscapedFailure(cause, causesLeft - 1) : null;
	}

}

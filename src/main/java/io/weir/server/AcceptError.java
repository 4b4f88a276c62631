package io.weir.server;

import java.io.IOException;

/**
 * Why accept(2) failed: a closed set, so that it can be a meter's tag.
 */
public enum AcceptError {

	/**
	 * The process has no file descriptor left (nofile).
	 */
	EMFILE("EMFILE", "raise the limit of open files (ulimit -n), or lower tcp.server.max-connections"),

	/**
	 * The system has no file descriptor left (fs.file-max).
	 */
	ENFILE("ENFILE", "raise fs.file-max on the host, or look for who holds so many files"),

	/**
	 * The kernel has no memory for the socket.
	 */
	ENOMEM("ENOMEM", "give the host or the container more memory"),

	/**
	 * Anything else.
	 */
	OTHER("other", "see the message");

	private final String text;

	private final String remedy;

	AcceptError(String text, String remedy) {
		this.text = text;
		this.remedy = remedy;
	}

	/**
	 * The error as meters show it.
	 * @return the errno's name, or {@code other}
	 */
	public String text() {
		return this.text;
	}

	String remedy() {
		return this.remedy;
	}

	// The JDK hands on strerror's text only
	static AcceptError of(IOException ex) {
		String message = String.valueOf(ex.getMessage());
		if (message.contains("Too many open files in system")) {
			return ENFILE;
		}
		if (message.contains("Too many open files")) {
			return EMFILE;
		}
		return (message.contains("Cannot allocate memory") || message.contains("No buffer space available")) ? ENOMEM
				: OTHER;
	}

}

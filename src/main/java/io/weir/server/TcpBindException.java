package io.weir.server;

/**
 * The listening socket could not be had.
 */
public class TcpBindException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final Problem problem;

	private final String host;

	private final int port;

	/**
	 * Creates the exception.
	 * @param problem what is wrong
	 * @param host as configured; empty is any address
	 * @param port as configured
	 * @param cause what the system said
	 */
	public TcpBindException(Problem problem, String host, int port, Throwable cause) {
		super("Cannot listen on " + (host.isEmpty() ? "0.0.0.0" : host) + ":" + port + ": " + problem.text, cause);
		this.problem = problem;
		this.host = host;
		this.port = port;
	}

	/**
	 * What is wrong.
	 */
	public Problem problem() {
		return this.problem;
	}

	/**
	 * The configured host.
	 * @return as configured; empty is any address
	 */
	public String host() {
		return this.host;
	}

	/**
	 * The configured port.
	 * @return as configured; 0 is any free one
	 */
	public int port() {
		return this.port;
	}

	/**
	 * The kinds of problems, each with a remedy of its own.
	 */
	public enum Problem {

		/**
		 * EADDRINUSE.
		 */
		PORT_IN_USE("the port is in use"),

		/**
		 * EACCES.
		 */
		PORT_NEEDS_PRIVILEGE("the port needs a privilege"),

		/**
		 * EADDRNOTAVAIL.
		 */
		ADDRESS_NOT_LOCAL("the address is not this machine's"),

		/**
		 * The name has no address at all.
		 */
		UNKNOWN_HOST("the name does not resolve"),

		/**
		 * The name or address is not IPv4.
		 */
		NOT_IPV4("it has no IPv4 address"),

		/**
		 * Anything else; the cause tells.
		 */
		OTHER("the system refused");

		private final String text;

		Problem(String text) {
			this.text = text;
		}

	}

}

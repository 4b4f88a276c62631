package io.weir.web;

import java.io.IOException;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletResponse;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;
import org.apache.coyote.ActionCode;
import org.jspecify.annotations.Nullable;

/**
 * Lets no connection keep a thread. A request whose body has not come with its head gets
 * 413 and is closed: no endpoint reads a body, and Tomcat would keep a thread waiting for
 * the rest of it. A connection is also closed after three requests that wait one behind
 * the other (pipelining): Tomcat would keep a thread until all are answered.
 */
class OneRequestValve extends ValveBase {

	private static final int PIPELINED = 3;

	// A request that waits is there at once
	private static final long PAUSE_NANOS = 1_000_000;

	private final ThreadLocal<Row> rows = ThreadLocal.withInitial(Row::new);

	OneRequestValve() {
		super(true);
	}

	@Override
	public void invoke(Request request, Response response) throws IOException, ServletException {
		Row row = this.rows.get();
		// A malformed head has its 400 already
		if (response.getStatus() < HttpServletResponse.SC_BAD_REQUEST) {
			if (hasMoreToCome(request)) {
				// Close instead of reading the rest. Sets status 500, so it comes first
				request.getCoyoteRequest().action(ActionCode.DISABLE_SWALLOW_INPUT, null);
				response.setStatus(HttpServletResponse.SC_REQUEST_ENTITY_TOO_LARGE);
				response.setContentLength(0);
				return;
			}
			if (row.begin(request.getCoyoteRequest()) >= PIPELINED) {
				response.setHeader("Connection", "close");
			}
		}
		getNext().invoke(request, response);
		row.end();
	}

	private static boolean hasMoreToCome(Request request) {
		if (request.getHeader("Transfer-Encoding") != null) {
			return true;
		}
		long length = request.getContentLengthLong();
		if (length <= 0) {
			return false;
		}
		org.apache.coyote.Request head = request.getCoyoteRequest();
		head.action(ActionCode.AVAILABLE, false);
		return head.getAvailable() < length;
	}

	/**
	 * The requests of one connection that a thread answers without a pause.
	 */
	private static final class Row {

		private org.apache.coyote.@Nullable Request connection;

		private long endedAt;

		private int count;

		int begin(org.apache.coyote.Request next) {
			boolean goesOn = this.connection == next && System.nanoTime() - this.endedAt < PAUSE_NANOS;
			this.count = goesOn ? this.count + 1 : 1;
			this.connection = next;
			return this.count;
		}

		void end() {
			this.endedAt = System.nanoTime();
		}

	}

}

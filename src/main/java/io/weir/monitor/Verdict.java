package io.weir.monitor;

import io.weir.kernel.Reading;
import io.weir.server.AcceptError;
import io.weir.server.ServerState;
import io.weir.server.ServerStatus;

/**
 * Says in one sentence what a client meets that connects now, and why.
 */
public final class Verdict {

	private Verdict() {
	}

	/**
	 * Writes the sentence.
	 * @param server what the server does
	 * @param queue its accept queue
	 * @return begins with {@code accepted}, {@code waits}, {@code dropped},
	 * {@code refused} or {@code nobody listens}
	 */
	static String of(ServerStatus server, Reading<AcceptQueue> queue) {
		if (server.accepting() == ServerState.STARTING) {
			return "nobody listens: the server is starting";
		}
		if (server.accepting() == ServerState.STOPPED) {
			return (server.state() == ServerState.DRAINING)
					? "nobody listens: the server drains, and takes no newcomers any more"
					: "nobody listens: the server is stopped";
		}
		String now = Refusals.addTo(
				queue.map(AcceptQueue::isFull).orElse(false) ? dropped(server, queue) : taken(server, queue), server);
		return (server.state() == ServerState.DRAINING) ? now + "; only until tcp.server.drain.delay is over" : now;
	}

	private static String dropped(ServerStatus server, Reading<AcceptQueue> queue) {
		return "dropped: the queue of %s is full with %d, as %s%s".formatted(
				queue.map(Verdict::limit).orElse("unknown size"), queue.map(AcceptQueue::length).orElse(0L),
				(server.accepting() == ServerState.ACCEPTING) ? "connections come faster than they are accepted"
						: hindrance(server),
				queue.map(Verdict::overflows).orElse(""));
	}

	private static String overflows(AcceptQueue queue) {
		return queue.overflows().isPresent()
				? "; newcomers were dropped %d times so far".formatted(queue.overflows().getAsLong()) : "";
	}

	private static String taken(ServerStatus server, Reading<AcceptQueue> queue) {
		long waiting = queue.map(AcceptQueue::length).orElse(0L);
		if (server.accepting() == ServerState.ACCEPTING) {
			return (waiting == 0) ? "accepted at once" : "accepted: after %d that wait in the queue".formatted(waiting);
		}
		return "waits: %s, %s".formatted(hindrance(server),
				queue.map((known) -> "%d of %s wait in the queue".formatted(known.length(), limit(known)))
					.orElse("how many wait in the queue is not known"));
	}

	private static String hindrance(ServerStatus server) {
		int places = server.serving().maxConnections();
		return switch (server.accepting()) {
			case FULL -> "%d of %d places are taken".formatted(places, places);
			case BACKING_OFF -> backingOff(server);
			default -> "the accept loop has failed and starts again in a second";
		};
	}

	/**
	 * Says for how long accept(2) has failed, and why, of a server that is backing off.
	 */
	public static String backingOff(ServerStatus server) {
		AcceptError error = server.acceptError();
		return "accept(2) has failed for %s (%s) and is tried again".formatted(
				TimeText.measured(server.backingOffFor()),
				(error == null || error == AcceptError.OTHER) ? "the log says why" : error.text());
	}

	private static String limit(AcceptQueue queue) {
		return queue.limit().isPresent() ? Long.toString(queue.limit().getAsLong()) : "an unknown number";
	}

}

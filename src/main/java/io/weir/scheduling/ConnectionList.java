package io.weir.scheduling;

import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/**
 * The connections of one loop. Allocates nothing, so that it cannot fail for lack of
 * memory. Of the loop's thread.
 */
final class ConnectionList {

	private @Nullable LoopThread first;

	/**
	 * Adds a connection.
	 * @param connection in no list
	 */
	void add(LoopThread connection) {
		LoopThread second = this.first;
		connection.previous = null;
		connection.next = second;
		if (second != null) {
			second.previous = connection;
		}
		this.first = connection;
		connection.list = this;
	}

	/**
	 * Removes a connection.
	 * @param connection in this list, or nothing happens
	 */
	void remove(LoopThread connection) {
		if (connection.list != this) {
			return;
		}
		LoopThread before = connection.previous;
		LoopThread after = connection.next;
		if (before != null) {
			before.next = after;
		}
		else {
			this.first = after;
		}
		if (after != null) {
			after.previous = before;
		}
		connection.previous = null;
		connection.next = null;
		connection.list = null;
	}

	/**
	 * Visits all.
	 * @param visitor does not change the list
	 */
	void forEach(Consumer<LoopThread> visitor) {
		for (LoopThread connection = this.first; connection != null; connection = connection.next) {
			visitor.accept(connection);
		}
	}

}

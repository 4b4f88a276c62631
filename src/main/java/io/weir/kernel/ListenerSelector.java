package io.weir.kernel;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Chooses, of the sockets that listen on one address, the one that this process has.
 * There is more than one where they share the port by {@code SO_REUSEPORT}, as two
 * servers do while one replaces the other. Safe for any thread.
 */
final class ListenerSelector {

	private final Path procRoot;

	// Of the last one chosen: all of the process's files are too many for every time
	private long inode;

	ListenerSelector(Path procRoot) {
		this.procRoot = procRoot;
	}

	/**
	 * Chooses.
	 * @param local the address and port that they are bound to
	 * @param candidates the sockets
	 * @return the process's own, or why it cannot be told
	 */
	synchronized Reading<ListenerDiagnostics> choose(InetSocketAddress local, List<Candidate> candidates) {
		if (candidates.isEmpty()) {
			return new Reading.Unavailable<>("no socket listens on " + local);
		}
		if (candidates.size() == 1) {
			return new Reading.Available<>(candidates.getFirst().diagnostics());
		}
		List<Candidate> own = candidates.stream().filter((candidate) -> candidate.inode() == this.inode).toList();
		if (own.isEmpty()) {
			Set<String> files = openFiles();
			own = candidates.stream()
				.filter((candidate) -> files.contains("socket:[" + candidate.inode() + "]"))
				.toList();
		}
		if (own.size() != 1) {
			return new Reading.Unavailable<>(candidates.size() + " sockets listen on " + local + ", and "
					+ (own.isEmpty() ? "none is known to be" : own.size() + " are") + " this process's");
		}
		this.inode = own.getFirst().inode();
		return new Reading.Available<>(own.getFirst().diagnostics());
	}

	private Set<String> openFiles() {
		Set<String> targets = new HashSet<>();
		try (DirectoryStream<Path> files = Files.newDirectoryStream(this.procRoot.resolve("self/fd"))) {
			for (Path file : files) {
				try {
					targets.add(Files.readSymbolicLink(file).toString());
				}
				catch (IOException ex) {
					// Closed in the meantime
				}
			}
		}
		catch (IOException | DirectoryIteratorException ex) {
			// As if none were this process's: the caller says so
		}
		return targets;
	}

	/**
	 * A socket that listens on the address.
	 *
	 * @param inode the number by which {@code /proc/self/fd} calls it
	 * @param diagnostics what there is to know about it
	 */
	record Candidate(long inode, ListenerDiagnostics diagnostics) {
	}

}

package io.weir.transport;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/**
 * A set of addresses, made of prefixes. However many they are, a look costs a few
 * comparisons. Safe for any thread.
 */
public final class AddressPrefixes {

	/**
	 * The set without an address.
	 */
	public static final AddressPrefixes NONE = new AddressPrefixes(List.of());

	// Sorted, none inside another, no two the halves of a larger one: only the last one
	// that does not begin after a range can have it
	private final AddressPrefix[] prefixes;

	private AddressPrefixes(List<AddressPrefix> disjoint) {
		this.prefixes = disjoint.toArray(AddressPrefix[]::new);
	}

	/**
	 * Makes a set.
	 * @param prefixes in any order; they may overlap
	 */
	public static AddressPrefixes of(Collection<AddressPrefix> prefixes) {
		List<AddressPrefix> disjoint = new ArrayList<>();
		prefixes.stream().sorted().forEach((prefix) -> {
			if (disjoint.isEmpty() || !disjoint.getLast().contains(prefix)) {
				add(disjoint, prefix);
			}
		});
		return new AddressPrefixes(disjoint);
	}

	private static void add(List<AddressPrefix> disjoint, AddressPrefix prefix) {
		AddressPrefix merged = disjoint.isEmpty() ? null : disjoint.getLast().mergedWith(prefix);
		if (merged == null) {
			disjoint.add(prefix);
		}
		else {
			disjoint.removeLast();
			add(disjoint, merged);
		}
	}

	/**
	 * Whether there is no address in it.
	 */
	public boolean isEmpty() {
		return this.prefixes.length == 0;
	}

	/**
	 * Whether an address is in it.
	 */
	public boolean contains(InetAddress address) {
		return !isEmpty() && contains(AddressPrefix.of(address));
	}

	/**
	 * Whether all addresses of a range are in it.
	 */
	public boolean contains(AddressPrefix range) {
		int found = Arrays.binarySearch(this.prefixes, range);
		int candidate = (found >= 0) ? found : -found - 2;
		return candidate >= 0 && this.prefixes[candidate].contains(range);
	}

	/**
	 * The fewest prefixes that make it up, sorted: they may be fewer and larger than
	 * those that it was made of.
	 */
	public List<AddressPrefix> prefixes() {
		return List.of(this.prefixes);
	}

	@Override
	public String toString() {
		return Arrays.toString(this.prefixes);
	}

}

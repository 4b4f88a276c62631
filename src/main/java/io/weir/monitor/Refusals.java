package io.weir.monitor;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

import io.weir.server.AdmissionRules;
import io.weir.server.ServerStatus;
import io.weir.transport.AddressPrefix;
import io.weir.transport.AddressPrefixes;

/**
 * Says in a verdict whom the rules of admission refuse, whatever place and queue there
 * is.
 */
final class Refusals {

	private static final int MAX_PREFIXES = 3;

	private Refusals() {
	}

	/**
	 * Adds to what a client meets if it is admitted.
	 * @param verdict begins with what happens to the client's connect
	 * @param server what the server does
	 * @return begins with {@code refused} if every client is, and is accepted before
	 */
	static String addTo(String verdict, ServerStatus server) {
		AdmissionRules rules = server.admission();
		if (rules.refuseEverybody()) {
			return verdict.startsWith("accepted") ? "refused: " + why(rules)
					: verdict + "; then it is refused: " + why(rules);
		}
		List<String> refused = new ArrayList<>();
		if (!rules.allow().isEmpty()) {
			refused.add("from elsewhere than %s (tcp.server.allow)".formatted(text(rules, rules.allow())));
		}
		if (rules.deny().prefixes().stream().anyMatch(rules::isPossible)) {
			refused.add("from %s (tcp.server.deny)".formatted(text(rules, rules.deny())));
		}
		int full = server.addressesAtLimit();
		if (full > 0) {
			refused.add("from %s open (tcp.server.max-connections-per-address)"
				.formatted((full == 1) ? "the one address that has %d".formatted(rules.maxPerAddress())
						: "the %d addresses that have %d each".formatted(full, rules.maxPerAddress())));
		}
		return refused.isEmpty() ? verdict : verdict + "; clients " + String.join(", and ", refused) + " are refused";
	}

	private static String why(AdmissionRules rules) {
		if (rules.allow().isEmpty()) {
			return "tcp.server.deny has every address";
		}
		return rules.allow().prefixes().stream().anyMatch(rules::isPossible)
				? "tcp.server.deny has every address that tcp.server.allow has"
				: "tcp.server.allow has IPv6 addresses only, which no client has without a proxy";
	}

	private static String text(AdmissionRules rules, AddressPrefixes addresses) {
		List<AddressPrefix> possible = addresses.prefixes().stream().filter(rules::isPossible).toList();
		String first = possible.stream()
			.limit(MAX_PREFIXES)
			.map(AddressPrefix::shortText)
			.collect(Collectors.joining(", "));
		int more = possible.size() - MAX_PREFIXES;
		return (more > 0) ? "%s and %d more".formatted(first, more) : first;
	}

}

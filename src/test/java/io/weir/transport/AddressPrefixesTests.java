package io.weir.transport;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AddressPrefixes}.
 */
class AddressPrefixesTests {

	@Test
	void aSetHasWhatOneOfItsPrefixesHas() throws Exception {
		Random random = new Random(18);
		List<AddressPrefix> prefixes = new ArrayList<>();
		for (int i = 0; i < 24; i++) {
			prefixes
				.add(AddressPrefix.of(address(random), (i % 5 == 0) ? random.nextInt(3) + 2 : random.nextInt(10) + 4));
		}
		AddressPrefixes set = AddressPrefixes.of(prefixes);
		int inside = 0;
		for (int i = 0; i < 20_000; i++) {
			InetAddress address = address(random);
			boolean expected = prefixes.stream().anyMatch((prefix) -> prefix.contains(address));
			assertThat(set.contains(address)).as(address.toString()).isEqualTo(expected);
			inside += expected ? 1 : 0;
		}
		assertThat(inside).isBetween(1000, 19_000);
	}

	private static InetAddress address(Random random) throws Exception {
		byte[] bytes = new byte[random.nextBoolean() ? 4 : 16];
		random.nextBytes(bytes);
		return InetAddress.getByAddress(bytes);
	}

	@Test
	void theFamiliesAreApart() {
		AddressPrefixes ipv4 = AddressPrefixes.of(List.of(AddressPrefix.parse("0.0.0.0/0")));
		AddressPrefixes ipv6 = AddressPrefixes.of(List.of(AddressPrefix.parse("::/0")));
		InetAddress client = InetAddress.ofLiteral("10.0.0.1");
		InetAddress other = InetAddress.ofLiteral("::a00:1");
		assertThat(List.of(ipv4.contains(client), ipv4.contains(other), ipv6.contains(client), ipv6.contains(other)))
			.containsExactly(true, false, false, true);
	}

	@Test
	void nobodyIsInAnEmptySet() {
		assertThat(AddressPrefixes.NONE.contains(InetAddress.ofLiteral("10.0.0.1"))).isFalse();
		assertThat(AddressPrefixes.of(List.of()).isEmpty()).isTrue();
	}

}

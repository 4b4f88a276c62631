package io.weir.transport;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AddressPrefixes}.
 */
class AddressPrefixesTests {

	@Test
	void aSetHasWhatOneOfItsPrefixesHas() {
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

	private static InetAddress address(Random random) {
		byte[] bytes = new byte[random.nextBoolean() ? 4 : 16];
		random.nextBytes(bytes);
		return address(bytes);
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
	void aRangeIsInASetHoweverItsPiecesAreWritten() {
		Random random = new Random(19);
		AddressPrefix range = AddressPrefix.parse("10.0.0.0/8");
		for (int i = 0; i < 200; i++) {
			List<AddressPrefix> pieces = new ArrayList<>();
			split(range, random, pieces);
			Collections.shuffle(pieces, random);
			assertThat(AddressPrefixes.of(pieces).prefixes()).containsExactly(range);
			assertThat(AddressPrefixes.of(pieces).contains(range)).isTrue();
			pieces.removeLast();
			assertThat(AddressPrefixes.of(pieces).contains(range)).isFalse();
		}
		AddressPrefixes apart = AddressPrefixes
			.of(Stream.of("10.1.0.0/16", "10.2.0.0/16", "11.0.0.0/8", "::/1").map(AddressPrefix::parse).toList());
		assertThat(apart.prefixes()).hasToString("[10.1.0.0/16, 10.2.0.0/16, 11.0.0.0/8, ::/1]");
		assertThat(apart.contains(AddressPrefix.parse("10.2.3.0/24"))).isTrue();
		assertThat(apart.contains(AddressPrefix.parse("10.0.0.0/14"))).isFalse();
		assertThat(apart.contains(AddressPrefix.ALL_IPV6)).isFalse();
	}

	// At least in two
	private static void split(AddressPrefix range, Random random, List<AddressPrefix> pieces) {
		String[] parts = range.toString().split("/", -1);
		int length = Integer.parseInt(parts[1]) + 1;
		byte[] other = InetAddress.ofLiteral(parts[0]).getAddress();
		other[(length - 1) / 8] |= (byte) (0x80 >> ((length - 1) % 8));
		for (AddressPrefix half : List.of(AddressPrefix.of(InetAddress.ofLiteral(parts[0]), length),
				AddressPrefix.of(address(other), length))) {
			if (length < 24 && random.nextInt(3) == 0) {
				split(half, random, pieces);
			}
			else {
				pieces.add(half);
			}
		}
	}

	private static InetAddress address(byte[] bytes) {
		try {
			return InetAddress.getByAddress(bytes);
		}
		catch (UnknownHostException ex) {
			throw new IllegalArgumentException(ex);
		}
	}

	@Test
	void nobodyIsInAnEmptySet() {
		assertThat(AddressPrefixes.NONE.contains(InetAddress.ofLiteral("10.0.0.1"))).isFalse();
		assertThat(AddressPrefixes.of(List.of()).isEmpty()).isTrue();
	}

}

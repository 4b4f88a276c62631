package io.weir.transport;

import java.net.InetAddress;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link AddressPrefix}.
 */
class AddressPrefixTests {

	@ParameterizedTest
	@CsvSource({ "10.1.2.3, 10.1.2.3/32", "10.1.0.0/16, 10.1.0.0/16", "0.0.0.0/0, 0.0.0.0/0", "::/0, ::/0",
			"2001:DB8::7, 2001:db8::7/128", "2001:db8::/32, 2001:db8::/32", "::ffff:10.1.2.3, 10.1.2.3/32",
			"::ffff:10.0.0.0/104, 10.0.0.0/8", "::ffff:a01:203, 10.1.2.3/32", "::1.2.3.4, ::102:304/128",
			"255.255.255.254/31, 255.255.255.254/31", "8000::/1, 8000::/1" })
	void whenTextIsAPrefixThenItIsRead(String text, String prefix) {
		assertThat(AddressPrefix.parse(text)).hasToString(prefix)
			.isEqualTo(AddressPrefix.parse(prefix))
			.hasSameHashCodeAs(AddressPrefix.parse(prefix));
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "localhost", "1", "1.2", "1.2.3", "1.2.3.4.", "01.2.3.4", "256.1.1.1", "0x1.2.3.4",
			" 1.2.3.4", "1.2.3.4 ", "[::1]", "fe80::1%1", "fe80::1%eth0", "1::2::3", "::ffff:01.2.3.4", ":", "/8", "*",
			"1.2.3.4:5", "::g", "\u0661.2.3.4", "example.org/8" })
	void whenTextIsNoAddressThenTheMessageSaysWhatIs(String text) {
		assertThatIllegalArgumentException().isThrownBy(() -> AddressPrefix.parse(text))
			.withMessage("is not an IPv4 or IPv6 address or prefix, such as 10.1.2.3, 10.1.0.0/16 or 2001:db8::/32");
	}

	@ParameterizedTest
	@CsvSource({ "10.0.0.0/33, must have 0 to 32 after its /", "10.0.0.0/, must have 0 to 32 after its /",
			"10.0.0.0/08, must have 0 to 32 after its /", "10.0.0.0/-1, must have 0 to 32 after its /",
			"10.0.0.0/8/8, must have 0 to 32 after its /", "10.0.0.0/255.0.0.0, must have 0 to 32 after its /",
			"::/129, must have 0 to 128 after its /", "::/99999999999, must have 0 to 128 after its /",
			"::ffff:10.0.0.0/8, must have 96 to 128 after its /",
			"10.1.2.3/16, has bits set after the first 16: the prefix is 10.1.0.0/16",
			"10.1.2.3/31, has bits set after the first 31: the prefix is 10.1.2.2/31",
			"1.0.0.0/0, has bits set after the first 0: the prefix is 0.0.0.0/0",
			"2001:db8::1/33, has bits set after the first 33: the prefix is 2001:db8::/33" })
	void whenTheLengthDoesNotFitThenTheMessageSaysWhatWould(String text, String message) {
		assertThatIllegalArgumentException().isThrownBy(() -> AddressPrefix.parse(text)).withMessage(message);
	}

	@ParameterizedTest
	@CsvSource({ "10.1.0.0/16, 10.1.255.255, true", "10.1.0.0/16, 10.2.0.0, false", "10.1.2.3, 10.1.2.3, true",
			"10.1.2.3, 10.1.2.2, false", "0.0.0.0/0, 255.1.2.3, true", "0.0.0.0/0, ::1, false", "::/0, 10.1.2.3, false",
			"::/0, 2001:db8::7, true", "2001:db8::/33, 2001:db8:7fff::, true", "2001:db8::/33, 2001:db8:8000::, false",
			"::ffff:10.0.0.0/104, 10.9.9.9, true", "128.0.0.0/1, 127.0.0.1, false" })
	void whenAnAddressIsInTheRangeThenItIsContained(String prefix, String address, boolean contained) {
		assertThat(AddressPrefix.parse(prefix).contains(InetAddress.ofLiteral(address))).isEqualTo(contained);
	}

	@Test
	void everyLengthOfRandomAddressesAgreesWithTheBitsOneByOne() throws Exception {
		Random random = new Random(7);
		for (int i = 0; i < 2_000; i++) {
			byte[] address = new byte[random.nextBoolean() ? 4 : 16];
			random.nextBytes(address);
			int length = random.nextInt(address.length * 8 + 1);
			byte[] network = address.clone();
			for (int bit = length; bit < address.length * 8; bit++) {
				network[bit / 8] &= (byte) ~(0x80 >> (bit % 8));
			}
			AddressPrefix prefix = AddressPrefix
				.parse(SocketAddresses.text(InetAddress.getByAddress(network)) + '/' + length);
			assertThat(prefix.contains(address)).isTrue();
			if (length > 0) {
				address[(length - 1) / 8] ^= (byte) (0x80 >> ((length - 1) % 8));
				assertThat(prefix.contains(address)).isFalse();
			}
		}
	}

}

package io.weir.transport;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SocketAddresses}.
 */
class SocketAddressesTests {

	// The cases of RFC 5952, section 4
	@ParameterizedTest
	@CsvSource({ "2001:0db8::0001, 2001:db8::1", "2001:db8:0:0:0:0:2:1, 2001:db8::2:1",
			"2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1", "2001:0:0:1:0:0:0:1, 2001:0:0:1::1",
			"2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1", "2001:DB8::AAAA, 2001:db8::aaaa", "::, ::", "::1, ::1",
			"1::, 1::", "0:0:0:1::, 0:0:0:1::", "fe80::1%1, fe80::1", "::ffff:1.2.3.4, 1.2.3.4",
			"0:1:2:3:4:5:6:7, 0:1:2:3:4:5:6:7", "1:2:3:4:5:6:0:0, 1:2:3:4:5:6::" })
	void addressesHaveTheirCanonicalText(String literal, String text) {
		assertThat(SocketAddresses.text(InetAddress.ofLiteral(literal))).isEqualTo(text);
	}

	@Test
	void portsComeAfterBracketsWithIpv6Only() {
		assertThat(SocketAddresses.text(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 40112)))
			.isEqualTo("127.0.0.1:40112");
		assertThat(SocketAddresses.text(new InetSocketAddress(InetAddress.ofLiteral("2001:db8::7"), 7)))
			.isEqualTo("[2001:db8::7]:7");
	}

	@Test
	void everyTextIsReadAsTheAddressItIs() throws Exception {
		Random random = new Random(5);
		for (int i = 0; i < 5_000; i++) {
			byte[] bytes = new byte[16];
			for (int group = 0; group < 8; group++) {
				bytes[2 * group + 1] = (byte) random.nextInt(2);
			}
			InetAddress address = InetAddress.getByAddress(bytes);
			assertThat(InetAddress.ofLiteral(SocketAddresses.text(address))).isEqualTo(address);
		}
	}

}

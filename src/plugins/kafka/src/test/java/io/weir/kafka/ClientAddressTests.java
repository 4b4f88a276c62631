package io.weir.kafka;

import java.net.InetAddress;
import java.net.InetSocketAddress;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ClientAddress}.
 */
class ClientAddressTests {

	@ParameterizedTest
	@CsvSource({ "10.1.0.7, 10.1.0.7, 10.1.0.7:9", "2001:db8:0:0:0:0:0:7, 2001:db8::7, [2001:db8::7]:9",
			"::, ::, [::]:9", "::1, ::1, [::1]:9", "fe80::, fe80::, [fe80::]:9",
			"2001:0:0:1:0:0:0:1, 2001:0:0:1::1, [2001:0:0:1::1]:9",
			"2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1, [2001:db8::1:0:0:1]:9",
			"2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1, [2001:db8:0:1:1:1:1:1]:9" })
	void whenAnAddressIsWrittenThenItIsAsRfc5952HasIt(String address, String text, String withPort) {
		InetAddress parsed = InetAddress.ofLiteral(address);
		assertThat(ClientAddress.text(parsed)).isEqualTo(text);
		assertThat(ClientAddress.text(new InetSocketAddress(parsed, 9))).isEqualTo(withPort);
	}

}

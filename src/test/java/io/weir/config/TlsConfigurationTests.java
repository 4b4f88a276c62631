package io.weir.config;

import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

import io.weir.Certificates;
import io.weir.WeirApplication;
import io.weir.tls.ServerTls;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TlsConfiguration} and what is reported of its mistakes.
 */
class TlsConfigurationTests {

	@TempDir
	@SuppressWarnings("NullAway.Init")
	static Path directory;

	@SuppressWarnings("NullAway.Init")
	private static Certificates certificates;

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(SslAutoConfiguration.class))
		.withUserConfiguration(TlsOnly.class);

	@BeforeAll
	static void issue() throws Exception {
		certificates = new Certificates(directory).issue("server", 20)
			.issue("other", 20)
			.store("server", "secret")
			.encrypt("server", "encrypted", "secret");
		certificates.storeWithoutKey("server", "untrusting", "secret");
		KeyStore trusting = KeyStore.getInstance("PKCS12");
		trusting.load(null, null);
		try (InputStream certificate = Files.newInputStream(certificates.file("server.pem"));
				OutputStream store = Files.newOutputStream(certificates.file("trusting.p12"))) {
			trusting.setCertificateEntry("server",
					CertificateFactory.getInstance("X.509").generateCertificate(certificate));
			trusting.store(store, "secret".toCharArray());
		}
		Files.writeString(certificates.file("broken.pem"),
				"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	}

	@Test
	void whenThereIsNoBundleThenThereIsNoTls() {
		this.runner.run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(context.getBeanProvider(ServerTls.class).getIfAvailable()).isNull();
		});
	}

	@ParameterizedTest
	@CsvSource({ "pem", "jks" })
	void whenTheBundleIsGoodThenItsCertificateIsShown(String type) {
		runner(type, "server", "server", "secret").run((context) -> {
			assertThat(context).hasNotFailed();
			ServerTls tls = context.getBean(ServerTls.class);
			assertThat(tls.status().bundle()).isEqualTo("mine");
			assertThat(tls.status().certificate().subject()).isEqualTo("CN=server");
		});
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					ssl.bundle=none                                   | ssl.bundle=none        | there is no such bundle; there are [mine]
					ssl.bundle=                                       | ssl.bundle=            | there is no such bundle
					ssl.client-auth=need                              | ssl.client-auth=need   | tcp.server.ssl.bundle is not set
					ssl.bundle=mine tcp.server.ssl.client-auth=want   | ssl.bundle=mine        | has no truststore
					""")
	void whenASettingIsBadThenItIsReportedWithItsOrigin(String settings, String reported, String reason) {
		List<String> values = new ArrayList<>(pem("server", "server"));
		values.addAll(List.of(("tcp.server." + settings).split(" ", -1)));
		String[] pair = reported.split("=", -1);
		this.runner.withPropertyValues(values.toArray(String[]::new)).run((context) -> {
			FailureAnalysis report = report(context.getStartupFailure());
			assertThat(report.getDescription()).contains("Property: tcp.server." + pair[0],
					"Value: \"" + pair[1] + "\"",
					"Origin: \"tcp.server." + pair[0] + "\" from property source \"test\"", reason);
			assertThat(report.getAction()).isNotBlank();
		});
	}

	@ParameterizedTest
	@CsvSource({ "pem, server, , , no private key", "pem, missing, server, , missing.pem",
			"pem, broken, server, , certificate", "pem, server, other, , certificate",
			"jks, server, , wrong, password was incorrect", "jks, missing, , secret, missing.p12" })
	void whenTheBundleCanNotBeUsedThenTheReasonIsReported(String type, String certificate, @Nullable String key,
			@Nullable String password, String reason) {
		runner(type, certificate, key, password).run((context) -> {
			FailureAnalysis report = report(context.getStartupFailure());
			assertThat(report.getDescription()).contains("Property: tcp.server.ssl.bundle", "Value: \"mine\"",
					"Origin: \"tcp.server.ssl.bundle\" from property source \"test\"");
			assertThat(report.getDescription().replaceFirst("(?s).*Reason:", "")).containsIgnoringCase(reason);
		});
	}

	@ParameterizedTest
	@CsvSource({ "options.enabled-protocols, TLSv1.0, TLSv1.0", "options.enabled-protocols, TLSv1.1, protocol",
			"options.ciphers, TLS_RSA_WITH_NOTHING, TLS_RSA_WITH_NOTHING",
			"keystore.private-key-password, wrong, decrypting private key" })
	void whenAnOptionOfTheBundleCanNotBeThenTheReasonIsReported(String option, String value, String reason) {
		runner("pem", "server", option.startsWith("keystore") ? "encrypted" : "server", null)
			.withPropertyValues("spring.ssl.bundle.pem.mine." + option + "=" + value)
			.run((context) -> {
				FailureAnalysis report = report(context.getStartupFailure());
				assertThat(report.getDescription()).contains("Property: tcp.server.ssl.bundle", "Value: \"mine\"");
				assertThat(report.getDescription().replaceFirst("(?s).*Reason:", "")).containsIgnoringCase(reason);
			});
	}

	@ParameterizedTest
	@CsvSource({ "want", "need" })
	void whenTheTruststoreHasNoTrustedCertificateThenThatIsReported(String clientAuth) {
		trusting("untrusting.p12", clientAuth).run((context) -> {
			FailureAnalysis report = report(context.getStartupFailure());
			assertThat(report.getDescription()).contains("Property: tcp.server.ssl.bundle",
					"tcp.server.ssl.client-auth is " + clientAuth, "truststore has no trusted certificate",
					"openssl pkcs12 -export -nokeys", "keytool -importcert");
		});
	}

	@Test
	void whenNobodyHasToBeTrustedThenTheTruststoreMayBeEmpty() {
		trusting("untrusting.p12", "none").run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void whenTheTruststoreHasATrustedCertificateThenItStarts() {
		trusting("trusting.p12", "need").run((context) -> assertThat(context).hasNotFailed());
	}

	private ApplicationContextRunner trusting(String truststore, String clientAuth) {
		return runner("jks", "server", null, "secret").withPropertyValues("tcp.server.ssl.client-auth=" + clientAuth,
				"spring.ssl.bundle.jks.mine.truststore.location=file:" + certificates.file(truststore),
				"spring.ssl.bundle.jks.mine.truststore.password=secret");
	}

	@Test
	void whenSpringBootCanNotReadABundleThenThatIsReportedToo() {
		this.runner.withPropertyValues(pem("missing", "server").toArray(String[]::new))
			.withPropertyValues("spring.ssl.bundle.pem.mine.reload-on-update=true", "tcp.server.ssl.bundle=mine")
			.run((context) -> {
				FailureAnalysis report = report(context.getStartupFailure());
				assertThat(report.getDescription()).contains("SSL bundle 'mine'", "missing.pem");
				assertThat(report.getAction()).contains("spring.ssl.bundle");
			});
	}

	private ApplicationContextRunner runner(String type, String certificate, @Nullable String key,
			@Nullable String password) {
		List<String> values = new ArrayList<>(List.of("tcp.server.ssl.bundle=mine"));
		if (type.equals("pem")) {
			values.addAll(pem(certificate, key));
		}
		else {
			values.add("spring.ssl.bundle.jks.mine.keystore.location=file:" + certificates.file(certificate + ".p12"));
			values.add("spring.ssl.bundle.jks.mine.keystore.password=" + password);
		}
		return this.runner.withPropertyValues(values.toArray(String[]::new));
	}

	private static List<String> pem(String certificate, @Nullable String key) {
		List<String> values = new ArrayList<>();
		values.add("spring.ssl.bundle.pem.mine.keystore.certificate=" + certificates.file(certificate + ".pem"));
		if (key != null) {
			values.add("spring.ssl.bundle.pem.mine.keystore.private-key=" + certificates.file(key + ".key"));
		}
		return values;
	}

	// As Spring Boot would report it
	private static FailureAnalysis report(@Nullable Throwable failure) {
		Objects.requireNonNull(failure, "it started");
		Service.starting(new SpringApplication(WeirApplication.class));
		FailureAnalysis report = new InvalidConfigurationFailureAnalyzer().analyze(failure);
		return (report != null) ? report
				: Objects.requireNonNull(new SslBundleFailureAnalyzer().analyze(failure), "no report");
	}

	@Configuration(proxyBeanMethods = false)
	@EnableConfigurationProperties(TcpServerProperties.class)
	@Import(TlsConfiguration.class)
	static class TlsOnly {

	}

}

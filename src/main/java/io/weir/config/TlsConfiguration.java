package io.weir.config;

import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

import javax.net.ssl.SSLException;
import javax.net.ssl.X509TrustManager;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslOptions;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

import io.weir.tls.ClientAuth;
import io.weir.tls.FailureReason;
import io.weir.tls.ServerTls;
import io.weir.tls.TlsMaterial;

/**
 * TLS from a Spring SSL bundle, which is followed when it changes.
 */
@Configuration(proxyBeanMethods = false)
class TlsConfiguration {

	@Bean
	@ConditionalOnMissingBean
	SslBundleListener sslBundleListener(Environment environment) {
		return new SslBundleListener(environment);
	}

	@Bean
	@ConditionalOnMissingBean
	@Nullable ServerTls serverTls(TcpServerProperties properties, SslBundles bundles, SslBundleListener listener,
			Environment environment) {
		TcpServerProperties.Ssl ssl = properties.ssl();
		String name = ssl.bundle();
		if (name == null) {
			if (ssl.clientAuth() != ClientAuth.NONE) {
				throw invalid(environment, "tcp.server.ssl.client-auth",
						"there is no TLS, as tcp.server.ssl.bundle is not set",
						"Set tcp.server.ssl.bundle to the name of a bundle under spring.ssl.bundle, "
								+ "or leave tcp.server.ssl.client-auth out",
						null);
			}
			return null;
		}
		try {
			ServerTls tls = new ServerTls(name, ssl.clientAuth(), ssl.handshakeTimeout(),
					material(bundles.getBundle(name), ssl.clientAuth()));
			listener.onChange((changed) -> tls.reload(() -> material(changed, ssl.clientAuth())));
			return tls;
		}
		catch (NoSuchSslBundleException ex) {
			throw invalid(environment, "tcp.server.ssl.bundle",
					"there is no such bundle; there are " + bundles.getBundleNames()
							+ Nearest.question(name, bundles.getBundleNames()),
					"Define it below spring.ssl.bundle.pem.<name> or spring.ssl.bundle.jks.<name>, or correct the name",
					ex);
		}
		catch (SSLException | RuntimeException ex) {
			throw invalid(environment, "tcp.server.ssl.bundle", PlainText.of(FailureReason.of(ex)),
					"Correct the bundle below spring.ssl.bundle, or the files it names", ex);
		}
	}

	private static InvalidConfigurationException invalid(Environment environment, String property, String reason,
			String action, @Nullable Exception cause) {
		return new InvalidConfigurationException(List.of(Mistake.of(environment, property, reason)), action, cause);
	}

	private static TlsMaterial material(SslBundle bundle, ClientAuth clientAuth) {
		if (!hasKey(bundle.getStores().getKeyStore())) {
			throw new IllegalStateException("it has no private key: a PEM bundle needs keystore.certificate and "
					+ "keystore.private-key, a JKS bundle keystore.location");
		}
		// Without trust of its own the JDK's is taken, and any public authority's client
		// would do
		if (clientAuth != ClientAuth.NONE && bundle.getStores().getTrustStore() == null) {
			throw new IllegalStateException("tcp.server.ssl.client-auth is " + clientAuth.text()
					+ ", but the bundle has no truststore to say which client certificates to trust");
		}
		if (clientAuth != ClientAuth.NONE && !trustsAnyone(bundle)) {
			throw new IllegalStateException("tcp.server.ssl.client-auth is " + clientAuth.text()
					+ ", but the bundle's truststore has no trusted certificate. One that 'openssl pkcs12 -export "
					+ "-nokeys' made has none for the JDK: take a PEM bundle's truststore.certificate, "
					+ "or 'keytool -importcert'");
		}
		SslOptions options = bundle.getOptions();
		return new TlsMaterial(bundle.createSslContext(), list(options.getEnabledProtocols()),
				list(options.getCiphers()));
	}

	private static boolean hasKey(@Nullable KeyStore store) {
		try {
			if (store != null) {
				for (String alias : Collections.list(store.aliases())) {
					if (store.isKeyEntry(alias)) {
						return true;
					}
				}
			}
			return false;
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static boolean trustsAnyone(SslBundle bundle) {
		return Stream.of(bundle.getManagers().getTrustManagers())
			.anyMatch((manager) -> manager instanceof X509TrustManager x509 && x509.getAcceptedIssuers().length > 0);
	}

	private static @Nullable List<String> list(String @Nullable [] names) {
		return (names != null) ? List.of(names) : null;
	}

}

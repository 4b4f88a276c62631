package io.weir.monitor;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;

import io.weir.tls.TlsStatus;

/**
 * Findings about the certificate.
 */
final class TlsFindings implements Evidence.Rule {

	// Some wait in every burst
	private static final int MANY_HANDSHAKES = 64;

	private static final Duration EXPIRY_WARNING = Duration.ofDays(14);

	private static String text(Duration left) {
		return (left.toDays() > 1) ? left.toDays() + " days" : TimeText.measured(left);
	}

	@Override
	public void find(Evidence evidence, Map<FindingKind, Finding> findings) {
		TlsStatus tls = evidence.tls();
		if (tls == null) {
			return;
		}
		if (tls.waitingHandshakes() > MANY_HANDSHAKES) {
			findings.put(FindingKind.HANDSHAKES_WAIT, new Finding("ssl",
					"%d handshakes wait for a processor; each waits under tcp.server.ssl.handshake-timeout"
						.formatted(tls.waitingHandshakes()),
					"A flood or a burst of clients: give the process more processors, use an elliptic curve "
							+ "key (its handshakes cost a tenth of RSA's), or limit the sources before this host"));
		}
		String subject = tls.certificate().subject();
		Instant end = tls.certificate().notAfter();
		Duration left = Duration.between(Instant.now(), end);
		if (left.compareTo(EXPIRY_WARNING) < 0) {
			// Two kinds, so that each is logged
			findings.put(left.isNegative() ? FindingKind.CERTIFICATE_EXPIRED : FindingKind.CERTIFICATE_EXPIRES,
					new Finding("ssl",
							left.isNegative()
									? "the certificate of %s in the bundle '%s' expired at %s: clients refuse it"
										.formatted(subject, tls.bundle(), end)
									: "the certificate of %s in the bundle '%s' expires at %s, in %s".formatted(subject,
											tls.bundle(), end, text(left)),
							"Renew it. With reload-on-update in the bundle, new files are taken without a restart"));
		}
		if (tls.reloadFailure() != null) {
			findings.put(FindingKind.BUNDLE_NOT_RELOADED,
					new Finding("ssl",
							"the bundle '%s' has changed and can't be used; the certificate of %s stays: %s"
								.formatted(tls.bundle(), subject, tls.reloadFailure()),
							"Correct the files below spring.ssl.bundle, key and certificate together"));
		}
	}

}

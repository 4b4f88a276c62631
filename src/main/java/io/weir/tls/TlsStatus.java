package io.weir.tls;

import org.jspecify.annotations.Nullable;

/**
 * What protects a server's new connections.
 *
 * @param bundle the name of what the material comes from, for people
 * @param certificate the certificate that they get
 * @param waitingHandshakes how many handshakes compute or wait for a processor to do so
 * @param reloadFailure why the last change of the bundle could not be used; null if it
 * could, or there was none
 */
public record TlsStatus(String bundle, ServerCertificate certificate, int waitingHandshakes,
		@Nullable String reloadFailure) {

	/**
	 * Reads the status of now.
	 * @param tls the server's side of TLS; null is none
	 * @return null where there is no TLS
	 */
	public static @Nullable TlsStatus of(@Nullable ServerTls tls) {
		return (tls != null)
				? new TlsStatus(tls.bundle(), tls.certificate(), tls.waitingHandshakes(), tls.reloadFailure()) : null;
	}

}

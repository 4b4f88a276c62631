package io.weir.transport;

import org.jspecify.annotations.Nullable;

/**
 * What the two sides of a protected connection agreed on.
 *
 * @param protocol for instance {@code TLSv1.3}
 * @param cipherSuite for instance {@code TLS_AES_256_GCM_SHA384}
 * @param peerSubject the subject of the peer's certificate (RFC 2253); null if it has
 * shown none
 */
public record SecureSession(String protocol, String cipherSuite, @Nullable String peerSubject) {
}

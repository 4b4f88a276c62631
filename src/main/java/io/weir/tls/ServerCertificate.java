package io.weir.tls;

import java.time.Instant;

/**
 * The certificate that a server shows.
 *
 * @param subject whose it is (RFC 2253)
 * @param notAfter until when it is valid
 */
public record ServerCertificate(String subject, Instant notAfter) {
}

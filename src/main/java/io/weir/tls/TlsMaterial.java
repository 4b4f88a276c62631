package io.weir.tls;

import java.util.List;

import javax.net.ssl.SSLContext;

import org.jspecify.annotations.Nullable;

/**
 * What a bundle gives to a server.
 *
 * @param context its key, certificates and trust
 * @param protocols the protocols to allow, by their JDK names; null is
 * {@link TlsContext#PROTOCOLS}
 * @param cipherSuites the cipher suites to allow, by their JDK names, the preferred one
 * first; null is those of the JDK that are authenticated encryption with forward secrecy
 */
public record TlsMaterial(SSLContext context, @Nullable List<String> protocols, @Nullable List<String> cipherSuites) {
}

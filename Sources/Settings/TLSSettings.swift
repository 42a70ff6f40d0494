import FoundationEssentials
import NIOCore
package import NIOSSL

/// The certificate that `samovar-ingress` shows to its clients.
package struct TLSSettings: Sendable {
    /// The absolute path of the certificate's file, which may hold the chain behind it.
    package var certificateFile: String

    /// The absolute path of the key's file.
    package var keyFile: String

    /// The certificate, then those that lead to its authority; empty where files are not read.
    package var chain: [NIOSSLCertificate]

    /// What belongs to the certificate; nil where files are not read.
    package var key: NIOSSLPrivateKey?

    /// Makes what connections need.
    ///
    /// - Throws: when key and certificate do not belong together.
    package func makeContext() throws -> NIOSSLContext {
        guard let key else { preconditionFailure("the key's file was not to be read") }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        // A client that does not answer the end must not hold up a stop for longer.
        configuration.shutdownTimeout = .seconds(1)
        return try NIOSSLContext(configuration: configuration)
    }
}

extension TLSSettings {
    private static let keys = Keys(["certificate", "key"])

    /// Reads section `ingress.tls`, and the two files unless only looking is asked for.
    init?(_ setting: Setting) {
        guard let section = setting.section(Self.keys) else { return nil }
        let (certificate, key) = (section.required("certificate"), section.required("key"))
        let certificateFile = certificate?.path(in: setting.reading.folder)
        let keyFile = key?.path(in: setting.reading.folder)
        guard let certificate, let certificateFile, let key, let keyFile else { return nil }
        self.init(certificateFile: certificateFile, keyFile: keyFile, chain: [])
        guard setting.reading.secrets.contains(.webhook) else { return }
        let chain = Self.chain(in: certificateFile, certificate)
        self.key = Self.key(in: keyFile, key)
        guard let chain, self.key != nil else { return nil }
        self.chain = chain
        do {
            _ = try makeContext()
        } catch NIOSSLError.failedToLoadPrivateKey {
            key.fail("\(keyFile) is not the key of the certificate in \(certificateFile)")
            return nil
        } catch {
            setting.fail("ingress.tls cannot be used: \(error)")
            return nil
        }
        warnOfExpiry(certificate, now: .now)
    }

    private static func chain(in file: String, _ setting: Setting) -> [NIOSSLCertificate]? {
        contents(of: file, setting).flatMap { certificates($0.bytes, of: file, setting) }
    }

    /// The certificates in a file's bytes; what is wrong with them is reported.
    static func certificates(
        _ bytes: [UInt8],
        of file: String,
        _ setting: Setting
    ) -> [NIOSSLCertificate]? {
        guard String(decoding: bytes, as: UTF8.self).contains("-----BEGIN CERTIFICATE-----") else {
            setting.fail("\(file) holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)")
            return nil
        }
        do {
            return try NIOSSLCertificate.fromPEMBytes(bytes)
        } catch {
            setting.fail(
                "\(file) holds a damaged certificate: 'openssl x509 -in \(file)' says more"
            )
            return nil
        }
    }

    private static func key(in file: String, _ setting: Setting) -> NIOSSLPrivateKey? {
        guard let contents = contents(of: file, setting) else { return nil }
        let text = String(decoding: contents.bytes, as: UTF8.self)
        guard text.contains("PRIVATE KEY-----") else {
            setting.fail("\(file) holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)")
            return nil
        }
        // PKCS#8, and what OpenSSL wrote before (RFC 1421).
        guard !text.contains("BEGIN ENCRYPTED PRIVATE KEY"), !text.contains("4,ENCRYPTED") else {
            setting.fail(
                "\(file) is protected by a passphrase, which nobody can enter when a service "
                    + "starts: 'openssl pkey -in \(file) -out NEW' writes it without one"
            )
            return nil
        }
        if contents.mode & 0o007 != 0 {
            setting.warn("\(file) is open to every user of this machine: run chmod o= \(file)")
        }
        do {
            return try NIOSSLPrivateKey(bytes: contents.bytes, format: .pem)
        } catch {
            setting.fail("\(file) holds a damaged key: 'openssl pkey -in \(file) -check' says more")
            return nil
        }
    }

    private static func contents(of file: String, _ setting: Setting) -> FileContents? {
        do {
            return try FileContents(path: file, sizeMax: Limits.certificatesBytesMax)
        } catch {
            setting.fail("\(file) \(error.reason(sizeMax: Limits.certificatesBytesMax))")
            return nil
        }
    }

    /// A warning, no error: an ingress that does not start takes nothing from anybody.
    private func warnOfExpiry(_ setting: Setting, now: Date) {
        guard let certificate = chain.first else { return }
        let start = Date(timeIntervalSince1970: Double(certificate.notValidBefore))
        let end = Date(timeIntervalSince1970: Double(certificate.notValidAfter))
        let days = Int(end.timeIntervalSince(now) / 86_400)
        if start > now {
            setting.warn("\(certificateFile) is not valid before \(start.text): clients refuse it")
        } else if end <= now {
            setting.warn("\(certificateFile) expired at \(end.text): clients refuse it")
        } else if days < Limits.expiryWarningDays {
            setting.warn(
                "\(certificateFile) expires at \(end.text), in \(days) days: "
                    + "replace it, then send SIGHUP"
            )
        }
    }
}

extension Date {
    /// `2026-11-21T10:00:00Z`.
    fileprivate var text: String { formatted(.iso8601) }
}

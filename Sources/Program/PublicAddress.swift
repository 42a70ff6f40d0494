package import Settings

/// An address that other machines can reach: the services use one only with `--allow-public`.
package struct PublicAddress: CustomStringConvertible {
    /// Its key in the configuration: `ingress.listen`.
    package let key: String
    package let address: HostPort

    /// Nil for an address of this machine alone, and for none.
    package init?(_ key: String, _ address: HostPort?) {
        guard let address, !address.isLoopback else { return nil }
        self.key = key
        self.address = address
    }

    /// What is the matter, without a full stop.
    package var description: String {
        "\(key) is \(address), which other machines can reach"
    }
}

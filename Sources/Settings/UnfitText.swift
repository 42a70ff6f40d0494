/// Why a text is not the kind of value that was wanted.
struct UnfitText: Error, Equatable {
    /// Completes a sentence that starts with the setting's name: `must be a size, not 'many'`.
    let message: String

    init(_ message: String) {
        self.message = message
    }
}

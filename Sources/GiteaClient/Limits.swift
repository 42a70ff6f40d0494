/// The numbers this library decides on, each with its reason.
enum Limits {
    /// Bytes of one answer.
    ///
    /// Fifty issues with bodies of 64 KiB, Gitea's largest page, are 3 MiB and their users.
    static let answerBytesMost = 8 << 20

    /// Bytes of an answer with an error that are read for its message.
    static let errorBytesMost = 64 << 10

    /// Characters of a server's message that are shown.
    static let messageLengthMost = 200

    /// What is asked for in one page: Gitea's largest, which it also cuts larger ones to.
    ///
    /// - Source: go-gitea/gitea: modules/setting/api.go (MAX_RESPONSE_ITEMS)
    static let pageItems = 50

    /// Pages of one list: 10 000 items; a server that answers without end is not followed there.
    static let pagesMost = 200

    /// Times that one question is asked: a restart of Gitea's process behind a proxy passes
    /// between the first and the last; what takes longer is for whoever asks.
    static let triesMost = 3

    /// The delay before the second try, doubled before each further one; half of it is chance.
    static let retryDelay = Duration.milliseconds(500)

    /// The longest delay, also when the server asks for more: jobs wait in the queue, not here.
    static let retryDelayLongest = Duration.seconds(5)

    /// Redirects of one read: a repository that was renamed and its owner too are two.
    static let redirectsMost = 3

    /// How long a connection may take to come about, if a whole answer may take longer.
    static let connectLongest = Duration.seconds(10)

    /// A token that may not look as others is not tried again before this: it saves each question a
    /// request, and an account that was made an administrator is noticed.
    static let sudoPause = Duration.seconds(600)

    /// Teams that a client remembers as visible: some 100 kB.
    static let teamsRememberedMost = 4096
}

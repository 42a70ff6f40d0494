import Foundation
import Gitea
import TestSupport

extension FuzzSubject {
    /// Whatever headers come: refused, or within the bounds of what is stored.
    static let webhookHeaders = FuzzSubject("webhook headers", share: 15) { random in
        let headers = (0..<Int.random(in: 0..<14, using: &random)).map { _ in
            (
                name: name(using: &random),
                value: value(using: &random)
            )
        }
        let read: WebhookHeaders
        do throws(WebhookRejection) {
            read = try WebhookHeaders(headers)
        } catch {
            let isKnown = [400, 415].contains(error.status)
            return isKnown ? nil : "refused with \(error.status)"
        }
        let text = headers.map { "\($0.name): \(visible($0.value.utf8))" }.joined(separator: ", ")
        guard isID(read.deliveryID) else { return "the id \(read.deliveryID) of \(text)" }
        guard read.event.isEmpty || isEvent(read.event), isEvent(read.eventType) else {
            return "the event \(read.event), \(read.eventType) of \(text)"
        }
        guard read.targetType.map(isEvent) ?? true else { return "the target type of \(text)" }
        guard read.signatures.count <= headers.count else { return "more signatures than headers" }
        // What proves or grants anything is never stored.
        let secret = read.stored.first { header in
            ["signature", "authorization", "cookie"].contains {
                header.name.lowercased().contains($0)
            }
        }
        if let secret { return "\(secret.name) would be stored" }
        guard read.stored.allSatisfy({ header in headers.contains { $0.name == header.name } })
        else { return "a header is stored that was not sent: \(text)" }
        return nil
    }

    private static func isID(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count) && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    private static func isEvent(_ text: String) -> Bool {
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-".utf8)
        return (1...64).contains(text.utf8.count) && text.utf8.allSatisfy(allowed.contains)
    }

    private static func name(using random: inout SeededRandom) -> String {
        let name = names.randomElement(using: &random) ?? ""
        switch Int.random(in: 0..<8, using: &random) {
        case 0: return name.uppercased()
        case 1: return name.lowercased()
        case 2:
            var bytes = Array(name.utf8)
            Mutation.change(&bytes, words: [Array("X-".utf8)], using: &random)
            return String(decoding: bytes, as: UTF8.self)
        default: return name
        }
    }

    private static func value(using random: inout SeededRandom) -> String {
        let value = values.randomElement(using: &random) ?? ""
        guard Int.random(in: 0..<4, using: &random) == 0 else { return value }
        var bytes = Array(value.utf8)
        Mutation.change(&bytes, words: values.map { Array($0.utf8) }, using: &random)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let names = [
        "Content-Type", "User-Agent", "Authorization", "Cookie", "Host", "X-Hub-Signature",
        "X-Hub-Signature-256", "X-GitHub-Signature", "X-GitHub-Event", "X-GitHub-Delivery",
        "X-Gitea-Delivery", "X-Gitea-Event", "X-Gitea-Event-Type", "X-Gitea-Signature",
        "X-Gitea-Hook-Installation-Target-Type", "X-Forgejo-Delivery", "X-Forgejo-Event",
        "X-Forgejo-Event-Type", "X-Forgejo-Signature", "X-Gogs-Delivery", "X-Gogs-Event",
        "X-Gogs-Event-Type", "X-Gogs-Signature", "X-Gitea-", "X-", "",
    ]

    private static let values = [
        "application/json", "application/json; charset=utf-8", "application/x-www-form-urlencoded",
        "text/plain", "push", "issue_label", "8f1c9a2e-0000-4000-8000-000000000000", "repository",
        "", " ", "\t", "sha256=", "sha1=00", "é", "a b", "\u{0}",
        String(repeating: "a", count: 65), String(repeating: "b", count: 129),
        String(repeating: "0", count: 64),
    ]
}

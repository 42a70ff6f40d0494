/// Finds what somebody meant who mistyped a word.
package enum NearestWord {
    /// The candidate that the word is a part of (`cert` of `certificate`), else the one that takes the
    /// fewest edits, if they are few for a word of that length; the first of several.
    package static func to(_ word: String, among candidates: [String]) -> String? {
        let word = word.lowercased()
        let whole = candidates.filter { word.count >= 3 && $0.lowercased().contains(word) }
        if let whole = whole.min(by: { $0.count < $1.count }) { return whole }
        let distanceMax =
            switch word.count {
            case ...3: 1
            case ...6: 2
            case ...64: 3
            // Nobody mistypes this much; the distance of long texts is slow to compute.
            default: 0
            }
        return
            candidates
            .map { (word: $0, distance: distance(word, $0.lowercased())) }
            .filter { $0.distance <= distanceMax }
            .min { $0.distance < $1.distance }?
            .word
    }

    /// How many letters to insert, delete, replace or swap with their neighbour.
    static func distance(_ first: String, _ second: String) -> Int {
        let first = Array(first.unicodeScalars)
        let second = Array(second.unicodeScalars)
        // rows[i][j] is the distance of the first i letters from the first j.
        var rows = [Array(0...second.count)]
        for i in first.indices {
            var row = [i + 1]
            for j in second.indices {
                let isSame = first[i] == second[j]
                var best = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (isSame ? 0 : 1))
                if i > 0, j > 0, first[i] == second[j - 1], first[i - 1] == second[j] {
                    best = min(best, rows[i - 1][j - 1] + 1)
                }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[first.count][second.count]
    }
}

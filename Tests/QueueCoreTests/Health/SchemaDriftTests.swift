import QueueCore
import Testing

@Suite
struct SchemaDriftTests {
    @Test(
        arguments: [
            ("CREATE  TABLE\n t (a)", "CREATE TABLE t (a)", true),
            (" CREATE TABLE t (a) ", "CREATE TABLE t (a)", true),
            (
                "CREATE TABLE t (a CHECK (a <> 'x  y'))", "CREATE TABLE t (a CHECK (a <> 'x y'))",
                false
            ),
            ("SELECT 'it''s  so'", "SELECT 'it''s so'", false),
            ("SELECT \"a  b\"", "SELECT \"a b\"", false),
            ("CREATE TABLE t (a)", "CREATE TABLE t (b)", false),
        ]
    )
    func `blanks outside of quotes make no difference`(one: String, other: String, same: Bool) {
        let first = SchemaObject(kind: "table", name: "t", sql: one)
        let second = SchemaObject(kind: "table", name: "t", sql: other)
        #expect((first == second) == same)
    }

    @Test
    func `what is missing, changed and extra is told apart`() {
        func table(_ name: String, _ sql: String = "") -> SchemaObject {
            SchemaObject(kind: "table", name: name, sql: sql)
        }
        let drift = SchemaDrift(
            expected: [table("a"), table("b"), table("c", "1")],
            found: [table("b"), table("c", "2"), table("d"), table("sqlite_stat1")]
        )
        #expect(drift.missing == ["table a"])
        #expect(drift.changed == ["table c"])
        #expect(drift.extra == ["table d"])
        #expect(drift.diagnoses.map(\.level) == [.failure, .failure, .warning])
    }
}

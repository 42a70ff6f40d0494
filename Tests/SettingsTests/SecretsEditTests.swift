import Testing

@testable import Settings

@Suite
struct SecretsEditTests {
    private func edit(_ text: String, source: String = "default") throws -> SecretsEdit {
        try SecretsEdit(of: text, file: "samovar.yaml", source: source)
    }

    private static let block = """
        # Samovar
        ingress:
          listen: 127.0.0.1:8480    # here
          secrets:                  # all count
            # the current one
            - { id: "a", file: a.secret }  # since May
            # the old one

            -   id: b
                # where it is
                file: b.secret

            # nothing more
          path: /hooks
        store: queue.db

        """

    @Test
    func `a new secret comes first, and all else stays as it was`() throws {
        let entry = #"    - { id: "c", file: "c.secret" }"# + "\n"
        #expect(
            try edit(Self.block).adding(id: "c", secretFile: "c.secret")
                == Self.block.replacing(#"    - { id: "a""#, with: entry + #"    - { id: "a""#)
        )
    }

    @Test
    func `an entry of several lines goes with its own comments, not with others`() throws {
        let without = Self.block.replacing(
            """
                -   id: b
                    # where it is
                    file: b.secret

            """,
            with: ""
        )
        #expect(try edit(Self.block).removing(at: 1) == without)
        let withoutFirst = Self.block.replacing(
            #"    - { id: "a", file: a.secret }  # since May"# + "\n",
            with: ""
        )
        #expect(try edit(Self.block).removing(at: 0) == withoutFirst)
    }

    @Test(arguments: [
        (
            "ingress: { secrets: [{ id: a, file: x }] }",
            #"ingress: { secrets: [{ id: "n", file: "f" }, { id: a, file: x }] }"#
        ),
        (
            "ingress:\n  secrets: [\n    {id: a, file: x}, {id: b, file: y}\n  ]\n",
            "ingress:\n  secrets: [\n    { id: \"n\", file: \"f\" }, {id: a, file: x}, "
                + "{id: b, file: y}\n  ]\n"
        ),
        (
            "ingress:\r\n  secrets:\r\n  - id: ä\r\n    file: x\r\n",
            "ingress:\r\n  secrets:\r\n  - { id: \"n\", file: \"f\" }\r\n"
                + "  - id: ä\r\n    file: x\r\n"
        ),
    ])
    func `all ways to write a list can be added to`(before: String, after: String) throws {
        #expect(try edit(before).adding(id: "n", secretFile: "f") == after)
    }

    @Test(arguments: [
        (0, "ingress: { secrets: [{id: b, file: '}'} , {id: \"c}\", file: z}] }"),
        (1, "ingress: { secrets: [{id: a, file: x}, {id: \"c}\", file: z}] }"),
        (2, "ingress: { secrets: [{id: a, file: x}, {id: b, file: '}'} ] }"),
    ])
    func `an entry goes from a list on one line, with its comma`(
        index: Int,
        after: String
    ) throws {
        let text =
            "ingress: { secrets: [{id: a, file: x}, {id: b, file: '}'} , {id: \"c}\", file: z}] }"
        #expect(
            try edit(text).removing(at: index)?.filter { $0 != " " } == after.filter { $0 != " " }
        )
    }

    @Test
    func `the list of the named source is meant`() throws {
        let text = """
            ingress:
              sources:
                - name: one
                  secrets:
                    - { id: a, file: a }
                - { name: two, secrets: [{ id: a, file: b }, { id: c, file: d }] }

            """
        #expect(
            try edit(text, source: "two").removing(at: 1)
                == text.replacing(", { id: c, file: d }", with: "")
        )
        #expect(
            try edit(text, source: "one").adding(id: "n", secretFile: "f")
                == text.replacing(
                    "        - { id: a, file: a }",
                    with: "        - { id: \"n\", file: \"f\" }\n        - { id: a, file: a }"
                )
        )
        #expect(throws: ConfigurationError.self) { try edit(text, source: "three") }
    }

    @Test
    func `a name with quotes in it stays one text`() throws {
        let text = "ingress: { secrets: [{ id: a, file: x }] }"
        let added = try edit(text).adding(id: "n", secretFile: #"a "b" \c"#)
        #expect(
            added == #"ingress: { secrets: [{ id: "n", file: "a \"b\" \\c" }, "#
                + "{ id: a, file: x }] }"
        )
    }

    @Test
    func `what cannot be edited safely is left alone`() throws {
        // The entry does not stand on its dash's line.
        let split = "ingress:\n  secrets:\n    -\n      id: a\n      file: x\n"
        #expect(try edit(split).adding(id: "n", secretFile: "f") == nil)
        let only = "ingress: { secrets: [{ id: a, file: x }] }"
        #expect(try edit(only).removing(at: 0) == nil)
        #expect(throws: ConfigurationError.self) { try edit("ingress: {}") }
    }
}

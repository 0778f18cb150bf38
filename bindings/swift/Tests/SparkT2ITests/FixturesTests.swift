import Foundation
import SparkT2I
import XCTest

/// Every case of validation: as JSON, and as a ``Request`` where one can express it.
final class ValidationTests: XCTestCase {
    private func check(_ test: JSON, _ report: Report) throws {
        let expected = try XCTUnwrap(test["expected"])
        XCTAssert(same(report.form, expected), "\(text(test["name"])): \(text(test["why"]))\n\(report.form.text)\n\(expected.text)")
    }

    private func values(_ test: JSON) -> [String: JSON]? {
        guard var parameters = test["parameters"]?.object else { return nil }
        if let prompt = test["prompt"] {
            parameters["prompt"] = .string(text(prompt))
        }
        return parameters
    }

    /// The typed request that says just this, where there is one.
    private func typed(_ values: [String: JSON]) -> Request? {
        let given = values.filter { $0.value != .null }
        guard case .string(let prompt) = given["prompt"],
            Set(values.keys).isSubset(of: ["prompt", "seed", "use_pre_llm", "width", "height"]),
            ["width", "height"].allSatisfy({ given[$0] == nil || given[$0]?.int != nil }),
            given["seed"] == nil || given["seed"]?.int64 != nil,
            given["use_pre_llm"] == nil || given["use_pre_llm"]?.bool != nil
        else { return nil }
        return Request(
            prompt, width: given["width"]?.int, height: given["height"]?.int, seed: given["seed"]?.int64,
            usePreLlm: given["use_pre_llm"]?.bool)
    }

    func testEveryCaseInJSON() throws {
        for test in try cases("validation") {
            if let values = values(test) {
                let json = JSON.object(values).text
                try check(test, validate(json: json))
                try check(test, validate(json: escaped(json)))
            } else {
                try check(test, validate(json: text(test["parameters_text"])))
            }
        }
    }

    func testEveryCaseThatARequestCanSay() async throws {
        let expressible = try cases("validation").compactMap { test in values(test).flatMap(typed).map { (test, $0) } }
        XCTAssertGreaterThan(expressible.count, 60)
        for (test, request) in expressible {
            try check(test, request.validate())
        }
        let refused = expressible.filter { $0.0["expected"]?["valid"] == .bool(false) }
        XCTAssertGreaterThan(refused.count, 20)
        let client = try Client(apiKey: key, baseURL: nowhere, maxRetries: 0)
        for (test, request) in refused {
            let name = text(test["name"])
            for error in [
                await thrown(name) { try await client.submit(request) },
                await thrown(name) { try await client.generate(request) },
                await thrown(name) { try await client.estimate(request) },
            ] {
                guard case .invalidRequest(let details) = error else { return XCTFail("\(name): \(String(describing: error))") }
                XCTAssert(same(details.violations.form, try XCTUnwrap(test["expected"]?["violations"])), name)
                XCTAssertEqual(details.charged, .no)
            }
        }
        XCTAssertEqual(try client.stats().createRequests + client.stats().estimateRequests, 0)
    }

    /// Row 25: a Swift text cannot hold half a surrogate pair. What is made of one holds U+FFFD in its place, which is a letter as
    /// every other.
    func testOddPromptsGetTheVerdictThatTheyGetInJSON() throws {
        let half = String(decoding: [0xD83E as UInt16], as: UTF16.self)
        XCTAssertEqual(half, "\u{FFFD}")
        let family = "👩‍👩‍👧‍👦"
        for prompt in [
            "", "   ", "\u{3000}\n", "a\0fox", "\0", family, half, String(repeating: "a", count: 800),
            String(repeating: "a", count: 801), String(repeating: "雪", count: 800), String(repeating: "雪", count: 801),
            String(repeating: family, count: 115), "e\u{301}", "\u{e9}",
        ] {
            let expected = try validate(json: JSON.object(["prompt": .string(prompt)]).text)
            XCTAssertEqual(try Request(prompt).validate(), expected, prompt)
        }
        XCTAssert(try Request(String(repeating: "雪", count: 800)).validate().isValid)
        XCTAssertFalse(try Request(String(repeating: "雪", count: 801)).validate().isValid)
    }

    /// Row 26. Fractions, truth values and texts are no numbers of a Swift request; they are refused as they are compiled.
    func testNumbersGetTheVerdictThatTheyGetInJSON() throws {
        for seed: Int64 in [0, -1, 1, -2, 1 << 31, 1 << 53 + 1, Int64.max, Int64.min] {
            let expected = try validate(json: #"{"prompt": "a fox", "seed": \#(seed)}"#)
            XCTAssertEqual(try Request("a fox", seed: seed).validate(), expected, "\(seed)")
        }
        for side in [0, -1, 512, 1 << 31, 1 << 53 + 1, Int.max, Int.min] {
            let expected = try validate(json: #"{"prompt": "a fox", "width": \#(side), "height": \#(side)}"#)
            XCTAssertEqual(try Request("a fox", width: side, height: side).validate(), expected, "\(side)")
        }
        XCTAssert(try Request("a fox", seed: Int64.max).validate().isValid)
        XCTAssertFalse(try validate(json: #"{"prompt": "a fox", "seed": 9223372036854775808}"#).isValid)
    }
}

/// Every case of decoding, by answers of a local server.
final class DecodingTests: XCTestCase {
    // No case names it, so that what is decoded as the id is never taken for what was asked for.
    private let asked = "asked-for"

    func testEveryAnswer() async throws {
        let server = try FixedServer()
        defer { server.stop() }
        let client = try server.client()
        for test in try cases("decoding") {
            let body = try test["body_base64"].map { try XCTUnwrap(Data(base64Encoded: text($0))) } ?? Data(text(test["body"]).utf8)
            server.answers(test["http_status"]?.int ?? 200, body)
            switch text(test["kind"]) {
            case "task": try await task(test, client)
            case "estimate": try await estimate(test, client)
            default:
                let error = await thrown(about(test)) { try await client.estimate("a red fox") }
                try check(test, XCTUnwrap(error).form)
            }
        }
    }

    private func about(_ test: JSON) -> String { "\(text(test["name"])): \(text(test["why"]))" }

    private func check(_ test: JSON, _ form: JSON) throws {
        let expected = try XCTUnwrap(test["expected"])
        XCTAssert(same(form, expected), "\(about(test))\n\(form.text)\n\(expected.text)")
        for part in test["canonical_contains"]?.array ?? [] {
            XCTAssert(form.text.contains(text(part)), "\(about(test))\n\(form.text)")
        }
    }

    private func task(_ test: JSON, _ client: Client) async throws {
        let expected = try XCTUnwrap(test["expected"])
        if expected["unreadable"] != nil {
            let error = await thrown(about(test)) { try await client.task(asked).refresh() }
            XCTAssertEqual(error?.kind, "protocol", about(test))
            XCTAssertEqual(error?.taskId, asked, about(test))
        } else {
            let snapshot = try await client.task(asked).refresh()
            // A task that was asked for is the one that was asked for: the id of the answer shows in a submit alone.
            XCTAssertEqual(snapshot.id, asked)
            var form = try XCTUnwrap(snapshot.form.object)
            form["id"] = expected["id"]
            try check(test, .object(form))
        }
        if expected.given("id") == nil {
            // Whatever the reason: without an id there is no task.
            let error = await thrown(about(test)) { try await client.submit("a red fox") }
            XCTAssertNil(error?.taskId, about(test))
        } else {
            let task = try await client.submit("a red fox")
            XCTAssertEqual(task.id, task.snapshot?.id)
            try check(test, XCTUnwrap(task.snapshot).form)
        }
    }

    private func estimate(_ test: JSON, _ client: Client) async throws {
        if test["expected"]?["unreadable"] != nil {
            let error = await thrown(about(test)) { try await client.estimate("a red fox") }
            XCTAssertEqual(error?.kind, "protocol", about(test))
        } else {
            try check(test, try await client.estimate("a red fox").form)
        }
    }
}

/// Kinds and codes of errors, by the table that every language asserts.
final class ErrorsTableTests: XCTestCase {
    private func table() throws -> JSON {
        try JSON(parsing: read(fixtures.appendingPathComponent("errors.json")))
    }

    private func made(_ kind: String, retryable: Bool = false, charged: String = "no") -> SparkT2IError {
        SparkT2IError(
            ErrorDetails(
                text: "it went wrong (task t-1)", kind: kind, message: "it went wrong", code: "003001095",
                violations: [Violation(code: "003001002", field: "prompt", message: "too long")], httpStatus: 418, taskId: "t-1",
                retryable: retryable, chargedWord: charged, retryAfter: .milliseconds(1500), body: "the body",
                causes: "a cause: another"))
    }

    private func name(_ error: SparkT2IError) -> String? {
        Mirror(reflecting: error).children.first?.label
    }

    func testEveryKindHasACaseOfItsOwnCalledAsTheKindIs() throws {
        let kinds = try XCTUnwrap(table()["kinds"]?.array)
        XCTAssertGreaterThan(kinds.count, 10)
        for row in kinds {
            let kind = text(row["kind"])
            let retryable = try XCTUnwrap(row["retryable"]?.bool)
            let error = made(kind, retryable: retryable, charged: text(row["charged"]))
            let words = kind.split(separator: "_")
            XCTAssertEqual(name(error), String(words[0]) + words.dropFirst().map(\.capitalized).joined())
            XCTAssertEqual(error.kind, kind)
            XCTAssertEqual(error.retryable, retryable)
            XCTAssertEqual(error.charged, Charged(rawValue: text(row["charged"])))
            XCTAssertEqual([error.message, error.taskId, error.details.code], ["it went wrong", "t-1", "003001095"])
            XCTAssertEqual(error.description, "it went wrong (task t-1)")
            XCTAssertEqual(error.localizedDescription, error.description)
        }
    }

    func testAKindOfALaterVersionIsUnknownAndKeepsItsName() {
        let error = made("quota", charged: "maybe")
        XCTAssertEqual(name(error), "unknown")
        XCTAssertEqual(error.kind, "quota")
        XCTAssertEqual(error.charged, .unknown)
    }

    func testEveryCode() async throws {
        let server = try FixedServer()
        defer { server.stop() }
        let client = try server.client()
        let codes = try XCTUnwrap(table()["codes"]?.array)
        XCTAssertFalse(codes.isEmpty)
        for row in codes {
            for form in ["number", "code"] {
                server.answers(400, Data(#"{"error": {"code": \#(try XCTUnwrap(row[form]).text)}}"#.utf8))
                let error = await thrown { try await client.estimate("a red fox") }
                XCTAssertEqual(error?.details.code, text(row["code"]))
                XCTAssert(error?.message.contains(text(row["description"])) ?? false, "\(String(describing: error))")
            }
        }
    }
}

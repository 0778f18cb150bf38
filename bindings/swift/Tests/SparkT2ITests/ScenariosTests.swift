import Foundation
import SparkT2I
import XCTest

/// Every scenario: the contract is `tests/conformance/README.md`.
final class ScenariosTests: XCTestCase {
    func testEveryScenario() async throws {
        let names = try files(in: "scenarios").map { $0.deletingPathExtension().lastPathComponent }
        XCTAssertGreaterThan(names.count, 100)
        let log = Locked<[String]>([])
        var logs: LogSubscription? = try LogSubscription(level: .trace) { record in
            log.with { $0.append("\(record.level) \(record.target) \(record.message)") }
        }
        let server = try Server("--scenarios", fixtures.appendingPathComponent("scenarios").path)
        defer { server.stop() }
        let keys = try await withThrowingTaskGroup(of: String.self) { group in
            var keys: [String] = []
            for (number, name) in names.enumerated() {
                if number >= 16 {
                    keys.append(try await group.next() ?? "")
                }
                group.addTask { try await Self.run(name, server) }
            }
            for try await key in group {
                keys.append(key)
            }
            return keys
        }
        XCTAssertNotNil(logs)
        logs = nil
        XCTAssertEqual(Set(keys).count, names.count)
        let lines = log.now
        XCTAssertFalse(lines.isEmpty, "nothing was logged")
        let all = lines.joined(separator: "\n")
        for key in keys {
            XCTAssertFalse(all.contains(key), "a key was logged")
        }
    }

    /// Runs one, and returns its key.
    private static func run(_ name: String, _ server: Server) async throws -> String {
        let test = try await server.ask("/scenarios/\(name)@swift")
        let outcome = try await withFolder { place in
            let folder = place.appendingPathComponent("folder")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
            return try await Run(test: test, place: place, folder: folder).outcome()
        }
        let verdict = try await server.ask("/scenarios/\(name)@swift/verdict", outcome.text)
        XCTAssertEqual(
            verdict["passed"], .bool(true),
            "\(name): \(verdict["about"]?.text ?? "")\n\(verdict["differences"]?.text ?? "")\n\(verdict["requests"]?.text ?? "")")
        return text(test["options"]?["api_key"])
    }
}

/// One run of a case, with a folder of its own.
private struct Run: Sendable {
    let options: JSON
    let call: JSON
    /// Outside of the folder that is looked at in the end.
    let place: URL
    let folder: URL

    init(test: JSON, place: URL, folder: URL) throws {
        options = try XCTUnwrap(test["options"])
        call = try XCTUnwrap(test["call"])
        self.place = place
        self.folder = folder
    }

    func outcome() async throws -> JSON {
        let begin = ContinuousClock.now
        var outcome: [String: JSON]
        do {
            let client = try client()
            outcome = try await made(client)
            outcome["stats"] = try client.stats().form
        } catch let error as SparkT2IError {
            outcome = ["error": error.form]
        }
        outcome["seconds"] = (ContinuousClock.now - begin).form
        outcome["folder"] = try files()
        return .object(outcome)
    }

    private func client() throws -> Client {
        let known: Set = [
            "api_key", "base_url", "ca_bundle_pem", "connect_timeout_seconds", "request_timeout_seconds",
            "wait_timeout_seconds", "poll_interval_seconds", "max_retries", "max_requests_per_second", "max_in_flight",
            "headers", "user_agent_suffix", "on_outcome_unknown",
        ]
        let given = Set(try XCTUnwrap(options.object).keys)
        XCTAssert(given.isSubset(of: known), "no such option: \(given.subtracting(known))")
        func seconds(_ name: String) -> Duration? { options[name + "_seconds"]?.double.map { .seconds($0) } }
        var bundle: URL?
        if let pem = options["ca_bundle_pem"] {
            bundle = place.appendingPathComponent("bundle.pem")
            try text(pem).write(to: XCTUnwrap(bundle), atomically: false, encoding: .utf8)
        }
        return try Client(
            apiKey: text(options["api_key"]),
            baseURL: XCTUnwrap(URL(string: text(options["base_url"]))),
            connectTimeout: seconds("connect_timeout"),
            requestTimeout: seconds("request_timeout"),
            waitTimeout: seconds("wait_timeout"),
            maxRetries: options["max_retries"]?.int,
            maxRequestsPerSecond: options["max_requests_per_second"]?.double,
            pollInterval: seconds("poll_interval"),
            maxInFlight: options["max_in_flight"]?.int,
            headers: options["headers"]?.object?.mapValues { text($0) } ?? [:],
            caBundle: bundle,
            userAgentSuffix: options["user_agent_suffix"]?.string,
            onOutcomeUnknown: try options["on_outcome_unknown"].map { try XCTUnwrap(OnOutcomeUnknown(rawValue: text($0))) } ?? .fail)
    }

    private func made(_ client: Client) async throws -> [String: JSON] {
        guard let copies = call["copies"]?.int else { return try await once(client) }
        return try await withThrowingTaskGroup(of: JSON.self) { group in
            for _ in 0..<copies {
                group.addTask { .object(try await once(client)) }
            }
            return ["each": .array(try await group.reduce(into: []) { $0.append($1) })]
        }
    }

    private func once(_ client: Client) async throws -> [String: JSON] {
        guard let after = call["cancel_after_seconds"]?.double else { return try await ended(client) }
        let work = Task { try await ended(client) }
        try await Task.sleep(for: .seconds(after))
        work.cancel()
        return try await work.value
    }

    private func ended(_ client: Client) async throws -> [String: JSON] {
        do {
            return ["result": try await result(client)]
        } catch SparkT2IError.cancelled(let details) {
            return ["cancelled": .bool(true), "error": SparkT2IError(details).form]
        } catch let error as SparkT2IError {
            return ["error": error.form]
        }
    }

    private func result(_ client: Client) async throws -> JSON {
        switch text(call["do"]) {
        case "submit":
            let task = try await client.submit(request(call["parameters"]))
            return fields(["task_id": task.id, "status": task.status])
        case "generate": return try await client.generate(request(call["parameters"])).form
        case "wait": return try await task(client).wait().form
        case "refresh": return try await task(client).refresh().form
        case "estimate": return try await client.estimate(request(call["parameters"])).form
        case "events":
            return try await task(client).events().reduce(into: [Event]()) { $0.append($1) }.form
        case "generate_many":
            let requests = try XCTUnwrap(call["requests"]?.array).map(request)
            let made = try await client.generateMany(requests).reduce(into: [Generated]()) { $0.append($1) }
            return made.sorted { $0.index < $1.index }.map { one in
                switch one.result {
                case .success(let image): fields(["index": one.index, "result": image])
                case .failure(let error): fields(["index": one.index, "error": error])
                }
            }.form
        case "bytes":
            let data = try await task(client).wait().data()
            return fields(["bytes": data.count, "crc32": crc32(data)])
        case "save":
            let target = folder.appendingPathComponent(text(call["file"]))
            // What stands in the way of the file.
            if let content = call.given("existing")?.string {
                try content.write(to: target, atomically: false, encoding: .utf8)
            } else if call.given("existing") != nil {
                try FileManager.default.createDirectory(at: target, withIntermediateDirectories: false)
            }
            let saved = try await task(client).wait().save(to: target, overwrite: call["overwrite"]?.bool ?? false)
            return fields(["file": saved.url.lastPathComponent, "bytes": saved.bytes])
        case let word: throw Unfit(about: "no such call: \(word)")
        }
    }

    private func task(_ client: Client) async throws -> RemoteTask {
        if let id = call["task_id"] { try client.task(text(id)) } else { try await client.submit(request(call["parameters"])) }
    }

    private func files() throws -> JSON {
        let found = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return try found.sorted { $0.lastPathComponent < $1.lastPathComponent }.map { file in
            let isFile = try FileManager.default.attributesOfItem(atPath: file.path)[.type] as? FileAttributeType == .typeRegular
            let data = isFile ? try Data(contentsOf: file) : nil
            return fields(["name": file.lastPathComponent, "bytes": data?.count, "crc32": data.map(crc32)])
        }.form
    }
}

private struct Unfit: Error {
    let about: String
}

/// The typed request: what is wrong with it is for the client to find.
private func request(_ parameters: JSON?) throws -> Request {
    let given = try XCTUnwrap(parameters?.object)
    let known: Set = ["prompt", "width", "height", "seed", "use_pre_llm", "model"]
    guard Set(given.keys).isSubset(of: known) else { throw Unfit(about: "not to be expressed: \(given)") }
    return Request(
        text(given["prompt"]), width: given["width"]?.int, height: given["height"]?.int, seed: given["seed"]?.int64,
        usePreLlm: given["use_pre_llm"]?.bool, model: given["model"]?.string)
}

private let crcTable: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { sum, _ in sum >> 1 ^ (sum & 1 == 0 ? 0 : 0xEDB8_8320) }
}

private func crc32(_ data: Data) -> UInt32 {
    data.withUnsafeBytes { bytes in
        crcTable.withUnsafeBufferPointer { table in
            var sum = ~UInt32(0)
            for byte in bytes {
                sum = sum >> 8 ^ table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)]
            }
            return ~sum
        }
    }
}

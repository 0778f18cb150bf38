import Foundation
import SparkT2I
import SparkT2ITesting
import XCTest

/// The examples of the README, run as they stand there.
final class ReadmeTests: XCTestCase {
    private func with(latency: Duration = .milliseconds(50), _ example: (Client) async throws -> Void) async throws {
        let emulator = try Emulator(latency: latency)
        defer { emulator.stop() }
        try await example(emulator.client(pollInterval: .milliseconds(10)))
    }

    func testOne() async throws {
        try await withFolder { folder in
            // README
            let emulator = try Emulator(latency: .milliseconds(50))
            defer { emulator.stop() }
            let client = try Client(apiKey: "any", baseURL: emulator.url)
            let image = try await client.generate("a red fox in the snow", size: .widescreen2K, seed: 42)
            let saved = try await image.save(to: folder.appendingPathComponent("fox.png"))
            print("\(saved.url.lastPathComponent): \(saved.width ?? 0) × \(saved.height ?? 0), \(image.cost ?? 0) USD")
            // README
            XCTAssert(FileManager.default.fileExists(atPath: folder.appendingPathComponent("fox.png").path))
            XCTAssertEqual([saved.width, saved.height], [2560, 1440])
        }
    }

    func testWatching() async throws {
        try await with { client in
            // README
            let task = try await client.submit("a red fox in the snow")
            for try await event in task.events() {
                switch event.kind {
                case .running(let progress): print("\(progress ?? 0) after \(event.elapsed)")
                case .retrying(let error, let delay): print("again in \(delay): \(error.message)")
                case .completed(let snapshot): print("cost \(snapshot.usage?.cost ?? 0)")
                default: print("\(event.taskId): \(event.kind)")
                }
            }
            let image = try await client.task(task.id).wait(timeout: .seconds(600))
            // README
            XCTAssertEqual(image.taskId, task.id)
        }
    }

    func testCancelling() async throws {
        try await with(latency: .seconds(30)) { client in
            // README
            let work = Task { try await client.generate("a red fox in the snow") }
            try await Task.sleep(for: .milliseconds(200))
            work.cancel()
            do {
                let image = try await work.value
                print("it was faster: \(image.url)")
            } catch SparkT2IError.cancelled(let details) {
                print("task \(details.taskId ?? "none") goes on")
            }
            // README
            let stats = try client.stats()
            XCTAssertEqual([stats.submitted, stats.completed, stats.waiting], [1, 0, 0])
        }
    }

    func testMany() async throws {
        try await with { client in
            // README
            let requests = (1...20).map { Request("a red fox, number \($0)", size: .square, seed: Int64($0)) }
            for try await made in client.generateMany(requests) {
                switch made.result {
                case .success(let image): print("\(made.index): \(image.url)")
                case .failure(let error): print("\(made.index): \(error.message) (\(made.request.prompt))")
                }
            }
            print(try client.stats().cost)
            // README
            XCTAssertEqual(try client.stats().completed, 20)
        }
    }

    func testErrors() async throws {
        try await with { client in
            // README
            do {
                _ = try await client.generate("")
            } catch SparkT2IError.invalidRequest(let details) {
                for violation in details.violations {
                    print("\(violation.code ?? "-") \(violation.field): \(violation.message)")
                }
            } catch SparkT2IError.outcomeUnknown(let details) {
                print("perhaps charged: \(details.charged); it was not sent again")
            }
            // README
            XCTAssertEqual(try client.stats().createRequests, 0)
        }
    }

    func testWhatIsRunHereIsWhatStandsThere() throws {
        /// Without what all lines have before them.
        func plain(_ text: String) -> String {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            let before = lines.filter { !$0.allSatisfy(\.isWhitespace) }.map { $0.prefix { $0 == " " }.count }.min() ?? 0
            return lines.map { String($0.dropFirst(before)) }.joined(separator: "\n").trimmingCharacters(in: .whitespacesAndNewlines)
        }
        let package = checkout.appendingPathComponent("bindings/swift")
        let readme = try read(package.appendingPathComponent("README.md")).components(separatedBy: "```swift\n").dropFirst()
            .map { plain($0.components(separatedBy: "```")[0]) }
        let source = try read(package.appendingPathComponent("Tests/SparkT2ITests/ReadmeTests.swift"))
        let mark = "            // READ" + "ME\n"
        let run = source.components(separatedBy: mark).enumerated().filter { $0.offset % 2 == 1 }.map { plain($0.element) }
        XCTAssertEqual(readme.count, 5)
        XCTAssertEqual(readme, run)
    }
}

import Foundation
import SparkT2I
import SparkT2ITesting
import XCTest

/// What users see of the client.
final class ClientTests: XCTestCase {
    private func with(
        latency: Duration = .milliseconds(50), failureRate: Double? = nil, _ work: (Emulator, Client) async throws -> Void
    ) async throws {
        let emulator = try Emulator(latency: latency, failureRate: failureRate, price: Decimal(string: "0.040"))
        defer { emulator.stop() }
        try await work(emulator, emulator.client(pollInterval: quick))
    }

    func testAnImageIsGeneratedLookedAtAndSaved() async throws {
        try await with { _, client in
            let events = Locked<[Event]>([])
            let image = try await client.generate("a red fox in the snow", size: .widescreen, seed: 42) { event in
                events.with { $0.append(event) }
            }
            XCTAssertEqual([image.width, image.height], [1664, 936])
            XCTAssertEqual(image.cost, Decimal(string: "0.04"))
            XCTAssertEqual(image.usage?.exactCost?.decimal, image.cost)
            XCTAssertEqual(events.now.first?.kind, .submitted)
            XCTAssertEqual(events.now.last?.isTerminal, true)
            XCTAssert(events.now.allSatisfy { $0.taskId == image.taskId })
            XCTAssert(image.snapshot.raw.contains(image.taskId))
            XCTAssertGreaterThan(try XCTUnwrap(image.snapshot.createdAt).timeIntervalSince1970, 1_600_000_000)

            let data = try await image.data()
            XCTAssertEqual(image.size, UInt64(data.count))
            try await withFolder { folder in
                let saved = try await image.save(to: folder.appendingPathComponent("fox"), addExtension: true)
                XCTAssertEqual(saved.url.lastPathComponent, "fox.png")
                XCTAssertEqual([saved.width, saved.height], [1664, 936])
                XCTAssertEqual(saved.format, "png")
                XCTAssertEqual(try Data(contentsOf: saved.url), data)
                let error = await thrown { try await image.save(to: saved.url) }
                guard case .io(let details) = error else { return XCTFail("\(String(describing: error))") }
                XCTAssertEqual(details.taskId, image.taskId)
                try await image.save(to: saved.url, overwrite: true)
            }
            let elsewhere = await thrown { try await image.save(to: XCTUnwrap(URL(string: "https://example.org/fox.png"))) }
            XCTAssertEqual(elsewhere?.kind, "invalid_request")

            // The same picture again: seed and size reached the service.
            let again = try await client.generate(Request("a red fox in the snow", size: .widescreen, seed: 42))
            let same = try await again.data()
            XCTAssertEqual(same, data)
            XCTAssertNotEqual(image, again)
        }
    }

    func testATaskIsSubmittedWatchedAndTakenUpAgainByItsId() async throws {
        try await with { _, client in
            let task = try await client.submit("a red fox", usePreLlm: false)
            XCTAssertEqual(task.status, .queued)
            var last: Event?
            for try await event in task.events() {
                last = event
            }
            guard case .completed = last?.kind else { return XCTFail("\(String(describing: last))") }
            let same = try client.task(task.id)
            XCTAssertEqual(task, same)
            XCTAssertNil(same.snapshot)
            let image = try await same.wait(timeout: .seconds(10))
            XCTAssertEqual(same.images, [image])
            let snapshot = try await same.refresh()
            XCTAssertEqual(snapshot.status, .completed)
            XCTAssertNotNil(same.snapshot?.metadata.completedAt)
            XCTAssertNil(image.width)
            let unfit = await thrown { try client.task("no/id") }
            XCTAssertEqual(unfit?.kind, "invalid_request")
        }
    }

    func testManyAreGeneratedAndNoneIsLost() async throws {
        try await with { _, client in
            let requests = (0..<40).map { $0 == 7 ? Request("") : Request("a red fox, number \($0)", seed: Int64($0) + 1) }
            let submitted = Locked<[Int]>([])
            let many = client.generateMany(requests) { index, event in
                if event.kind == .submitted { submitted.with { $0.append(index) } }
            }
            var seen: [Int] = []
            for try await made in many {
                XCTAssertEqual(made.request, requests[made.index])
                seen.append(made.index)
                switch made.result {
                case .success(let image): XCTAssertNotEqual(made.index, 7, image.description)
                case .failure(let error):
                    XCTAssertEqual(made.index, 7)
                    XCTAssertEqual(error.kind, "invalid_request")
                }
            }
            XCTAssertEqual(seen.sorted(), Array(0..<40))
            XCTAssertEqual(submitted.now.sorted(), (0..<40).filter { $0 != 7 })
        }
    }

    func testNoMoreAreUnderWayThanThereIsRoomForAndAStreamThatIsLeftEndsTheRest() async throws {
        let slow = try Emulator(latency: .milliseconds(500))
        defer { slow.stop() }
        let few = try Client(apiKey: key, baseURL: slow.url, pollInterval: quick, maxInFlight: 3)
        func first() async throws -> Generated? {
            for try await made in few.generateMany(Array(repeating: Request("a red fox"), count: 20)) {
                // Nobody takes more for a while: no more are begun.
                try await Task.sleep(for: .seconds(1))
                XCTAssertLessThanOrEqual(try few.stats().submitted, 4)
                return made
            }
            return nil
        }
        let made = try await first()
        XCTAssertNoThrow(try XCTUnwrap(made).result.get())
        try await until("nothing is waited for") { try few.stats().waiting == 0 }
        XCTAssertLessThanOrEqual(try few.stats().submitted, 5)
    }

    func testRequestsThatComeOneByOneAreTakenAsThereIsRoomAndWhatTheyThrowComesOut() async throws {
        try await with(latency: .milliseconds(200)) { emulator, _ in
            struct NoMore: Error {}
            let client = try Client(apiKey: key, baseURL: emulator.url, pollInterval: quick, maxInFlight: 2)
            let taken = Locked(0)
            let broken = AsyncThrowingStream<Request, Error> {
                guard taken.with({ $0 += 1; return $0 }) < 8 else { throw NoMore() }
                return Request("a red fox")
            }
            var made = 0
            do {
                for try await one in client.generateMany(broken) {
                    made += 1
                    if case .failure(let error) = one.result {
                        // One that was under way when the requests broke.
                        XCTAssertEqual(error.kind, "cancelled")
                    }
                    XCTAssertLessThanOrEqual(taken.now, made + 2)
                }
                XCTFail("nothing was thrown")
            } catch {
                XCTAssert(error is NoMore, "\(error)")
            }
            XCTAssertGreaterThan(made, 4)
            XCTAssertEqual(try client.stats().waiting, 0)
        }
    }

    func testSizesAreThoseOfTheSpecification() throws {
        let presets: [String: Size] = [
            "1:1": .square, "4:3": .landscape, "16:9": .widescreen, "3:4": .portrait, "9:16": .tall, "1:1-2k": .square2K,
            "4:3-2k": .landscape2K, "16:9-2k": .widescreen2K, "3:4-2k": .portrait2K, "9:16-2k": .tall2K,
        ]
        for (text, size) in presets {
            XCTAssertEqual(try Size(text), size, text)
        }
        XCTAssertEqual(try Size("2560x1440"), Size(width: 2560, height: 1440))
        XCTAssertThrowsError(try Size("17:9")) { error in
            XCTAssert("\(error)".contains("17:9"), "\(error)")
        }
    }

    func testAFailedTaskTellsTheServicesReasonAndTheId() async throws {
        try await with(latency: quick, failureRate: 1) { _, client in
            let task = try await client.submit("a red fox")
            let error = await thrown { try await task.wait() }
            guard case .taskFailed(let details) = error else { return XCTFail("\(String(describing: error))") }
            XCTAssertEqual(details.taskId, task.id)
            XCTAssertNotNil(details.code)
            XCTAssertEqual(task.status, .failed)
            XCTAssertEqual(task.status?.isTerminal, true)
            let events = try await task.events().reduce(into: [Event]()) { $0.append($1) }
            guard case .failed(.taskFailed) = events.last?.kind else { return XCTFail("\(events)") }
        }
    }

    func testATimeoutHoldsAndTellsTheIdAndTheLongestIsNone() async throws {
        try await with(latency: .seconds(3)) { _, client in
            let begin = ContinuousClock.now
            let error = await thrown { try await client.generate("a red fox", timeout: .milliseconds(300)) }
            XCTAssertLessThan(ContinuousClock.now - begin, .seconds(2))
            guard case .timeout(let details) = error else { return XCTFail("\(String(describing: error))") }
            XCTAssert(details.retryable)
            let image = try await client.task(XCTUnwrap(details.taskId)).wait(timeout: .seconds(Int64.max))
            XCTAssertEqual(image.taskId, details.taskId)
            let negative = await thrown { try await client.generate("a fox", timeout: .seconds(-1)) }
            XCTAssert(negative?.message.contains("timeout") ?? false, "\(String(describing: negative))")
        }
    }

    func testAnOptionThatCannotBeIsRefusedByName() throws {
        let wrong: [(String, () throws -> Client)] = [
            ("max_retries", { try Client(apiKey: key, baseURL: nowhere, maxRetries: -1) }),
            ("wait_timeout", { try Client(apiKey: key, baseURL: nowhere, waitTimeout: .seconds(-1)) }),
            ("max_in_flight", { try Client(apiKey: key, baseURL: nowhere, maxInFlight: -1) }),
            ("max_requests_per_second", { try Client(apiKey: key, baseURL: nowhere, maxRequestsPerSecond: .nan) }),
            ("caBundle", { try Client(apiKey: key, baseURL: nowhere, caBundle: URL(string: "https://example.org/ca.pem")) }),
            ("base", { try Client(apiKey: key, baseURL: URL(string: "ftp://example.org")) }),
        ]
        for (name, make) in wrong {
            XCTAssertThrowsError(try make(), name) { error in
                guard case SparkT2IError.invalidRequest(let details) = error else { return XCTFail("\(name): \(error)") }
                XCTAssert(details.message.contains(name), "\(name): \(details.message)")
                XCTAssertEqual(details.charged, .no)
            }
        }
        XCTAssertThrowsError(try Client(apiKey: key + "\n", baseURL: nowhere)) { error in
            XCTAssertFalse("\(error) \(error.localizedDescription)".contains(key))
        }
    }

    func testCountersAndLogsAreTold() async throws {
        try await with { _, client in
            let records = Locked<[LogRecord]>([])
            var logs: LogSubscription? = try LogSubscription(level: .debug) { record in records.with { $0.append(record) } }
            _ = try await client.generate("a very secret fox")
            let stats = try client.stats()
            XCTAssertEqual([stats.createRequests, stats.submitted, stats.completed], [1, 1, 1])
            XCTAssertEqual(stats.cost, Decimal(string: "0.04"))
            try await until("something is logged") { records.now.contains { $0.target.hasPrefix("spark_t2i") } }
            XCTAssertFalse(records.now.contains { $0.message.contains("secret") })
            XCTAssertNotNil(logs)
            logs = nil
            try await Task.sleep(for: .milliseconds(100))
            let told = records.now.count
            _ = try await client.generate("another fox")
            try await Task.sleep(for: .milliseconds(100))
            XCTAssertEqual(records.now.count, told)
        }
    }

    func testTheEmulatorCountsAndBreaksOnDemand() async throws {
        try await with { emulator, client in
            try emulator.setFaults("http-500@estimate")
            let once = try Client(apiKey: key, baseURL: emulator.url, maxRetries: 0)
            let error = await thrown { try await once.estimate("a fox") }
            guard case .connection = error else { return XCTFail("\(String(describing: error))") }
            try emulator.setFaults()
            let estimate = try await client.estimate("a fox")
            XCTAssertEqual(estimate?.currency, "USD")
            XCTAssertEqual(try JSON(parsing: emulator.stats())["requests"]?["estimate"]?.int, 2)
            XCTAssertThrowsError(try emulator.setFaults("http-5xx")) { XCTAssert("\($0)".contains("http-5"), "\($0)") }
            XCTAssertThrowsError(try Emulator(failureRate: 2)) { XCTAssertEqual(($0 as? SparkT2IError)?.kind, "invalid_request") }
        }
    }

    func testMoneyIsExactAndNeverRounded() async throws {
        let server = try FixedServer()
        defer { server.stop() }
        let client = try server.client()
        func told(_ cost: String) async throws -> Usage {
            server.answers(200, Data(#"{"id": "t", "status": "completed", "usage": {"cost": \#(cost)}}"#.utf8))
            let usage = try await client.task("t").refresh().usage
            return try XCTUnwrap(usage)
        }
        let long = "12345678901234567890.123456789012345678"
        for (text, number) in [
            ("0.1", Decimal(1) / 10), ("0.040", Decimal(4) / 100), ("35714.285714000000", try XCTUnwrap(Decimal(string: "35714.285714"))),
            ("0", 0), ("0.000", 0), ("-0.25", Decimal(-1) / 4), ("2000", 2000), (long, try XCTUnwrap(Decimal(string: long))),
        ] {
            for written in [text, "\"\(text)\""] {
                let usage = try await told(written)
                XCTAssertEqual(usage.cost, number, text)
                XCTAssertEqual(usage.exactCost?.description, text)
                XCTAssertEqual(usage.cost.map { $0 - number }, 0, text)
            }
        }
        // More than a `Decimal` holds is none, and not a number near it.
        for text in ["0.123456789012345678901234567890123456789012345", "1" + String(repeating: "2", count: 60)] {
            let usage = try await told(text)
            XCTAssertEqual(usage.cost?.isNaN, true, text)
            XCTAssertEqual(usage.exactCost?.description, text)
        }
        // A tenth, ten times, is one.
        let cost = try await told("0.1").cost
        let tenth = try XCTUnwrap(cost)
        XCTAssertEqual((0..<10).reduce(Decimal(0)) { sum, _ in sum + tenth }, 1)
    }

    func testWhatThisVersionDoesNotKnowIsKept() async throws {
        let server = try FixedServer()
        defer { server.stop() }
        server.answers(200, Data(#"{"id": "t", "status": "dreaming", "new": [1, {"deep": true}]}"#.utf8))
        let snapshot = try await server.client().task("t").refresh()
        XCTAssertEqual(snapshot.status, .unknown(word: "dreaming"))
        XCTAssertEqual("\(snapshot.status)", "dreaming")
        XCTAssertFalse(snapshot.status.isTerminal)
        XCTAssertEqual(try JSON(parsing: snapshot.raw)["new"]?.array?.last?["deep"], .bool(true))
    }

    func testOneClientServesManyTasksAndThreads() async throws {
        try await with { _, client in
            try await withThrowingTaskGroup(of: String.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        // What is made in one task is used in others.
                        let task = try await Task.detached { try await client.submit("a red fox, number \(number)") }.value
                        async let status = task.refresh().status
                        let image = try await task.wait()
                        _ = try await status
                        return image.taskId
                    }
                }
                let ids = try await group.reduce(into: Set<String>()) { $0.insert($1) }
                XCTAssertEqual(ids.count, 100)
            }
            XCTAssertEqual(try client.stats().completed, 100)
        }
    }

    func testTheLibraryIsOfThisVersion() throws {
        let manifest = try read(checkout.appendingPathComponent("Cargo.toml"))
        let line = try XCTUnwrap(manifest.split(separator: "\n").first { $0.hasPrefix("version = ") })
        XCTAssertEqual(line, "version = \"\(SparkT2I.version)\"")
    }
}

/// Cancelled tasks: rows 30 and 31 of what must not break us.
final class CancellationTests: XCTestCase {
    private func with(_ work: (Emulator, Client) async throws -> Void) async throws {
        let emulator = try Emulator(latency: .seconds(30))
        defer { emulator.stop() }
        try await work(emulator, Client(apiKey: key, baseURL: emulator.url, maxRequestsPerSecond: 0, pollInterval: quick))
    }

    func testACancelledTaskEndsItsCallAtOnceAndTellsTheId() async throws {
        try await with { _, client in
            let (ids, told) = AsyncStream<String>.makeStream()
            let work = Task { try await client.generate("a red fox") { told.yield($0.taskId) } }
            let known = await ids.first { _ in true }
            let id = try XCTUnwrap(known)
            try await until("it is waited for") { try client.stats().waiting == 1 }
            let begin = ContinuousClock.now
            work.cancel()
            // The core was reached on this thread: not a moment was given to the task.
            XCTAssertEqual(try client.stats().waiting, 0)
            let error = await thrown { try await work.value }
            XCTAssertLessThan(ContinuousClock.now - begin, .seconds(1))
            guard case .cancelled(let details) = error else { return XCTFail("\(String(describing: error))") }
            XCTAssertEqual(details.taskId, id)
            XCTAssert(details.message.contains(id))
            // The task goes on.
            let status = try await client.task(id).refresh().status
            XCTAssertFalse(status.isTerminal)
        }
    }

    func testATaskThatIsCancelledAlreadySendsNothing() async throws {
        try await with { _, client in
            let error = await thrown {
                let work = Task {
                    withUnsafeCurrentTask { $0?.cancel() }
                    return try await client.generate("a red fox")
                }
                return try await work.value
            }
            XCTAssertEqual(error?.kind, "cancelled")
            XCTAssertNil(error?.taskId)
            XCTAssertEqual(try client.stats().submitted, 0)
        }
    }

    func testAGroupThatFailsEndsTheCallsOfItsOthers() async throws {
        try await with { _, client in
            struct Enough: Error {}
            do {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<10 { group.addTask { _ = try await client.generate("a red fox") } }
                    try await until("all are waited for") { try client.stats().waiting == 10 }
                    throw Enough()
                }
            } catch is Enough {}
            XCTAssertEqual(try client.stats().waiting, 0)
        }
    }

    func testAStreamThatIsLeftStopsTheWatching() async throws {
        try await with { _, client in
            let task = try await client.submit("a red fox")
            func two() async throws -> Int {
                var seen = 0
                for try await _ in task.events() {
                    seen += 1
                    if seen == 2 { break }
                }
                return seen
            }
            let seen = try await two()
            XCTAssertEqual(seen, 2)
            XCTAssertEqual(try client.stats().waiting, 0)
            // One that nobody looks at, too.
            _ = task.events()
            try await until("nothing is waited for") { try client.stats().waiting == 0 }
        }
    }

    func testACancelledTaskEndsItsLoopOverEventsAndTellsTheId() async throws {
        try await with { _, client in
            let task = try await client.submit("a red fox")
            let seen = Locked(0)
            let work = Task {
                for try await _ in task.events() { seen.with { $0 += 1 } }
            }
            try await until("it watches") { seen.now >= 2 }
            try await Task.sleep(for: .milliseconds(100))
            work.cancel()
            XCTAssertEqual(try client.stats().waiting, 0)
            let error = await thrown { try await work.value }
            guard case .cancelled(let details) = error else { return XCTFail("\(String(describing: error))") }
            XCTAssertEqual(details.taskId, task.id)
        }
    }

    func testACancelledLoopOverManyEndsThemAll() async throws {
        try await with { _, client in
            let work = Task {
                for try await made in client.generateMany((0..<200).map { Request("a red fox, number \($0)") }) {
                    // One may come between the end of its call and that of the stream.
                    guard case .failure(.cancelled(let details)) = made.result else { return XCTFail("\(made)") }
                    XCTAssertNotNil(details.taskId)
                }
            }
            try await until("as many are waited for as may be") { try client.stats().waiting == 64 }
            work.cancel()
            XCTAssertEqual(try client.stats().waiting, 0)
            _ = await work.result
            XCTAssertEqual(try client.stats().submitted, 64)
        }
    }

    func testAHundredAreCancelledAtOnce() async throws {
        try await with { _, client in
            let work = (0..<100).map { number in Task { try await client.generate("a red fox, number \(number)") } }
            try await until("all are waited for") { try client.stats().waiting == 100 }
            let begin = ContinuousClock.now
            work.forEach { $0.cancel() }
            XCTAssertEqual(try client.stats().waiting, 0)
            for one in work {
                let error = await thrown { try await one.value }
                XCTAssertNotNil(error?.taskId)
            }
            XCTAssertLessThan(ContinuousClock.now - begin, .seconds(2))
        }
    }

    func testAProgramEndsWhileAHundredCallsAreUnderWay() async throws {
        try await with { emulator, _ in
            let program = Process()
            #if os(macOS)
            let tests = Bundle(for: Self.self).bundleURL
            #else
            let tests = URL(fileURLWithPath: CommandLine.arguments[0])
            #endif
            program.executableURL = tests.deletingLastPathComponent().appendingPathComponent("Ending")
            program.arguments = [emulator.url.absoluteString]
            let said = Pipe()
            program.standardOutput = said
            program.standardError = said
            try program.run()
            XCTAssertEqual(line(of: said), "waiting")
            let begin = ContinuousClock.now
            program.waitUntilExit()
            XCTAssertLessThan(ContinuousClock.now - begin, .seconds(1))
            XCTAssertEqual(program.terminationStatus, 0)
            XCTAssertEqual(program.terminationReason, .exit)
            XCTAssertEqual(try said.fileHandleForReading.readToEnd(), nil)
        }
    }
}

/// Row 31: memory, files and threads stay where they are.
final class FlatTests: XCTestCase {
    func testTenThousandCallsLeaveNothingBehind() async throws {
        // In a process of its own: an emulator keeps its tasks, in memory that would be counted here.
        let server = try Server("--latency", "5ms")
        defer { server.stop() }
        let client = try Client(
            apiKey: key, baseURL: server.url, maxRequestsPerSecond: 0, pollInterval: .milliseconds(10))
        func calls(_ count: Int) async throws {
            let requests = (0..<count).lazy.map { Request("a red fox, number \($0)", width: 512, height: 512) }
            for try await made in client.generateMany(Array(requests)) {
                _ = try made.result.get()
            }
        }
        try await calls(1000)
        let before = try Footprint.now()
        try await calls(10_000)
        XCTAssertEqual(try client.stats().completed, 11_000)
        XCTAssertEqual(try client.stats().waiting, 0)
        guard let before, let after = try Footprint.now() else { return }
        print("10 000 calls: \(before); then \(after)")
        XCTAssertLessThan(after.bytes - before.bytes, 24_000_000, "\(before); then \(after)")
        XCTAssertLessThanOrEqual(after.files, before.files + 4)
        XCTAssertLessThanOrEqual(after.threads, before.threads + 8)
    }

    func testFiftyClientsComeAndGo() async throws {
        let emulator = try Emulator(latency: .milliseconds(5))
        defer { emulator.stop() }
        func one() async throws {
            _ = try await emulator.client(pollInterval: quick).generate("a red fox", size: Size(width: 512, height: 512))
        }
        for _ in 0..<5 { try await one() }
        let before = try Footprint.now()
        for _ in 0..<50 { try await one() }
        guard let before else { return }
        try await until("sockets are closed") { try XCTUnwrap(Footprint.now()).files <= before.files + 4 }
        let after = try XCTUnwrap(Footprint.now())
        print("50 clients: \(before); then \(after)")
        XCTAssertLessThanOrEqual(after.threads, before.threads + 4)
        XCTAssertLessThan(after.bytes - before.bytes, 24_000_000, "\(before); then \(after)")
    }
}

import Foundation
import SparkT2I
import XCTest

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif
#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

let key = "key-of-the-tests-9f2c"
/// Where nobody listens.
let nowhere = URL(string: "http://127.0.0.1:9")
let quick = Duration.milliseconds(20)

func setting(_ name: String) -> String {
    guard let value = ProcessInfo.processInfo.environment[name] else {
        fatalError("\(name) is not set: these tests are run by `cargo xtask test swift`")
    }
    return value
}

let checkout = URL(fileURLWithPath: setting("SPARK_T2I_CHECKOUT"))
let fixtures = checkout.appendingPathComponent("tests/fixtures")

func read(_ file: URL) throws -> String {
    try String(contentsOf: file, encoding: .utf8)
}

/// The JSON files of a folder, by their names.
func files(in folder: String) throws -> [URL] {
    let found = try FileManager.default.contentsOfDirectory(
        at: fixtures.appendingPathComponent(folder), includingPropertiesForKeys: nil)
    return found.filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }
}

/// All cases of a folder of fixtures.
func cases(_ folder: String) throws -> [JSON] {
    let found = try files(in: folder).flatMap { try XCTUnwrap(JSON(parsing: read($0))["cases"]?.array) }
    XCTAssertFalse(found.isEmpty, "\(folder) holds no cases")
    return found
}

/// A text of a fixture, which may be in pieces.
func text(_ pieces: JSON?) -> String {
    switch pieces {
    case .string(let text): text
    case .array(let pieces): pieces.map(text).joined()
    case .object(let piece): String(repeating: text(piece["text"]), count: piece["times"]?.int ?? 0)
    default: fatalError("no text: \(String(describing: pieces))")
    }
}

/// The error that comes out of some work; a failure of the test, and nil, where there is none.
func thrown(
    _ about: String = "", file: StaticString = #filePath, line: UInt = #line, by work: () async throws -> Any?
) async -> SparkT2IError? {
    do {
        let result = try await work()
        XCTFail("nothing was thrown: \(String(describing: result)) \(about)", file: file, line: line)
    } catch let error as SparkT2IError {
        return error
    } catch {
        XCTFail("another error was thrown: \(error) \(about)", file: file, line: line)
    }
    return nil
}

/// Waits for something that must come about.
func until(_ what: String, atMost: Duration = .seconds(20), _ condition: () throws -> Bool) async throws {
    let begin = ContinuousClock.now
    while try !condition() {
        guard ContinuousClock.now - begin < atMost else {
            return XCTFail("\(what): not within \(atMost)")
        }
        try await Task.sleep(for: .milliseconds(10))
    }
}

/// A value that several threads change.
final class Locked<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Value

    init(_ value: Value) {
        self.value = value
    }

    @discardableResult
    func with<Result>(_ change: (inout Value) throws -> Result) rethrows -> Result {
        lock.lock()
        defer { lock.unlock() }
        return try change(&value)
    }

    var now: Value { with { $0 } }
}

/// A folder that is there for as long as this runs.
func withFolder<Result>(_ work: (URL) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("spark-t2i-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await work(folder)
}

/// The emulator in a process of its own: `spark-t2i serve`.
final class Server: Sendable {
    private let process = Process()
    let url: URL

    init(_ arguments: String...) throws {
        process.executableURL = URL(fileURLWithPath: setting("SPARK_T2I_COMMAND"))
        process.arguments = ["serve", "--quiet"] + arguments
        let said = Pipe()
        process.standardOutput = said
        try process.run()
        let told = line(of: said)
        url = try XCTUnwrap(URL(string: told), "the server did not start: it said \"\(told)\"")
    }

    func ask(_ path: String, _ body: String? = nil) async throws -> JSON {
        var request = URLRequest(url: try XCTUnwrap(URL(string: url.absoluteString + path)))
        if let body {
            request.httpMethod = "POST"
            request.httpBody = Data(body.utf8)
        }
        let (answer, response) = try await URLSession.shared.data(for: request)
        let told = String(decoding: answer, as: UTF8.self)
        XCTAssertEqual((response as? HTTPURLResponse)?.statusCode, 200, "\(path): \(told)")
        return try JSON(parsing: told)
    }

    func stop() {
        // On Linux Foundation starts programs with most signals blocked, `SIGTERM` among them.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}

/// The first line that a program writes.
func line(of pipe: Pipe) -> String {
    var read = Data()
    while !read.contains(UInt8(ascii: "\n")) {
        let piece = pipe.fileHandleForReading.availableData
        if piece.isEmpty { break }
        read += piece
    }
    return String(decoding: read.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
}

/// A server on loopback that gives every request the same answer, which may be changed at any time.
final class FixedServer: Sendable {
    private struct Answer {
        var status = 200
        var body = Data("{}".utf8)
    }

    private let answer = Locked(Answer())
    private let listener: Int32
    let url: URL

    init() throws {
        #if canImport(Glibc)
        let stream = Int32(SOCK_STREAM.rawValue)
        #else
        let stream = SOCK_STREAM
        #endif
        let listener = socket(AF_INET, stream, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listens = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, size) == 0 && listen(listener, 64) == 0 && getsockname(listener, pointer, &size) == 0
            }
        }
        guard listens, let url = URL(string: "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))") else {
            throw POSIXError(.EADDRNOTAVAIL)
        }
        self.listener = listener
        self.url = url
        Thread.detachNewThread { [answer] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                if Self.request(connection) {
                    Self.write(answer.now, connection)
                }
                close(connection)
            }
        }
    }

    func answers(_ status: Int = 200, _ body: Data) {
        answer.with { $0 = Answer(status: status, body: body) }
    }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// A client of it, with no retries.
    func client() throws -> Client {
        try Client(apiKey: key, baseURL: url, maxRetries: 0)
    }

    /// Reads a whole request; false where the other side went away.
    private static func request(_ connection: Int32) -> Bool {
        var read = Data()
        var piece = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(connection, &piece, piece.count, 0)
            guard count > 0 else { return false }
            read.append(contentsOf: piece[..<count])
            guard let end = read.range(of: Data("\r\n\r\n".utf8)) else { continue }
            let head = String(decoding: read[..<end.lowerBound], as: UTF8.self).lowercased()
            let length = head.components(separatedBy: "content-length: ").dropFirst().first?.prefix { $0.isNumber }
            if read.count >= end.upperBound + (length.flatMap { Int($0) } ?? 0) { return true }
        }
    }

    private static func write(_ answer: Answer, _ connection: Int32) {
        let head = "HTTP/1.1 \(answer.status) Said\r\nContent-Type: application/json\r\nConnection: close\r\n"
            + "Content-Length: \(answer.body.count)\r\n\r\n"
        var rest = Data(head.utf8) + answer.body
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard sent > 0 else { return }
            rest = rest.dropFirst(sent)
        }
    }
}

#if !canImport(Glibc)
private let MSG_NOSIGNAL = 0
#endif

/// What the system tells of this process: bytes in memory, open files, threads.
struct Footprint: CustomStringConvertible {
    let bytes: Int
    let files: Int
    let threads: Int

    /// Nil where the system has no such folder as Linux has.
    static func now() throws -> Footprint? {
        guard let status = try? read(URL(fileURLWithPath: "/proc/self/status")) else { return nil }
        func number(_ name: String) throws -> Int {
            let line = try XCTUnwrap(status.split(separator: "\n").first { $0.hasPrefix(name + ":") })
            return try XCTUnwrap(Int(line.filter(\.isNumber)))
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        return Footprint(bytes: try number("VmRSS") * 1024, files: files, threads: try number("Threads"))
    }

    var description: String { "\(bytes) bytes, \(files) files, \(threads) threads" }
}
